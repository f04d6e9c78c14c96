use jamsocket_wasm::prelude::*;

#[jamsocket_wasm]
type Service<T> = Vec<T>;

fn main() {}
