use wasm_bus::macros::wasm_bus;

#[wasm_bus(format = "json")]
trait Calc {
    async fn count(&self, step: impl FnMut(u32));
}

fn main() {}
