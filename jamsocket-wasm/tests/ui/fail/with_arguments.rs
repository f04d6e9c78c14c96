use jamsocket_wasm::prelude::*;

#[jamsocket_wasm(room = "lobby")]
struct Counter;

impl SimpleJamsocketService for Counter {
    fn new(_room_id: &str, _context: &impl JamsocketContext) -> Self {
        Counter
    }
}

fn main() {}
