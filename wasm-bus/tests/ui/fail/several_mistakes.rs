use wasm_bus::macros::wasm_bus;

#[wasm_bus(format = "json")]
trait Calc {
    fn add(&mut self, a: &i32) -> i32;
    async fn sound(&self, a: i32) -> i32;
}

#[derive(Debug)]
struct Server;

#[wasm_bus::prelude::async_trait]
impl CalcSimplified for Server {
    async fn sound(&self, a: i32) -> i32 {
        a
    }
}

fn main() {}
