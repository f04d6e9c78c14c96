use wasm_bus::macros::wasm_bus;

#[wasm_bus(format = "json")]
trait Calc {
    async fn add(&self, a: i32) -> i32;
}

#[derive(Debug)]
struct Server;

#[wasm_bus(format = "json")]
impl CalcSimplified for Server {
    async fn add(&self, a: i32) -> i32 {
        a
    }
}

fn main() {}
