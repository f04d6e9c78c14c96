use jamsocket_wasm::prelude::*;

#[jamsocket_wasm]
struct Counter(i32);

fn main() {}
