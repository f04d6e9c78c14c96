use wasm_bus::macros::wasm_bus;

#[wasm_bus(format = "json")]
trait Calc<T> {
    async fn add(&self, a: T) -> T;
}

fn main() {}
