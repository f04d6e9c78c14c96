use wasm_bus::macros::wasm_bus;

#[wasm_bus(format = "json")]
trait Calc {
    async fn add_2(&self, a: i32) -> i32;
    async fn add2(&self, a: i32) -> i32;
}

fn main() {}
