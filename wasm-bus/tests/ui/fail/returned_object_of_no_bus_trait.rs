use wasm_bus::macros::wasm_bus;

use std::sync::Arc;

trait Counter: Send + Sync {}

#[wasm_bus(format = "json")]
trait Calc {
    async fn counter(&self) -> Arc<dyn Counter>;
}

fn main() {}
