use wasm_bus::macros::wasm_bus;

#[wasm_bus(format = "json")]
trait Calc {
    async fn counter(&self) -> impl Counter;
}

fn main() {}
