use jamsocket_wasm::prelude::*;

struct Counter;

#[jamsocket_wasm]
impl SimpleJamsocketService for Counter {
    fn new(_room_id: &str, _context: &impl JamsocketContext) -> Self {
        Counter
    }
}

fn main() {}
