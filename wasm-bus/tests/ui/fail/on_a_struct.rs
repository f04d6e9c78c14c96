use wasm_bus::macros::wasm_bus;

#[wasm_bus(format = "json")]
struct Calc;

fn main() {}
