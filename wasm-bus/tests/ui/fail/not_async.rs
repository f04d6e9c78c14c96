use wasm_bus::macros::wasm_bus;

#[wasm_bus(format = "json")]
trait Calc {
    fn add(&self, a: i32) -> i32;
}

fn main() {}
