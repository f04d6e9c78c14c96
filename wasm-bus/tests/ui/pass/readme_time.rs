#![deny(warnings)]

use wasm_bus::macros::*;

#[wasm_bus(format = "json")]
pub trait Time {
    async fn sleep(&self, duration_ms: u128);
}

fn main() {
    let slept = TimeClient::new("os").blocking_sleep(1);
    assert_eq!(slept, Err(wasm_bus::CallError::Unsupported));
}
