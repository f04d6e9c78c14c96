use wasm_bus::macros::wasm_bus;

#[wasm_bus(format = "json")]
trait Calc {
    const ZERO: i32;
}

fn main() {}
