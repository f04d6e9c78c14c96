use jamsocket_wasm::prelude::*;

#[jamsocket_wasm]
type Service = Vec<u8>;

fn main() {}
