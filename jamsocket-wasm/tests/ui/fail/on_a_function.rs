use jamsocket_wasm::prelude::*;

#[jamsocket_wasm]
pub async fn counter() {}

fn main() {}
