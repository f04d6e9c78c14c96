use wasm_bus::macros::wasm_bus;

#[wasm_bus(format = "json")]
trait Calc {
    async fn one(&self) -> i32 {
        1
    }
}

fn main() {}
