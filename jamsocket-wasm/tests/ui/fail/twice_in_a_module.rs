use jamsocket_wasm::prelude::*;

#[jamsocket_wasm]
struct Counter;

#[jamsocket_wasm]
struct Chat;

impl SimpleJamsocketService for Counter {
    fn new(_room_id: &str, _context: &impl JamsocketContext) -> Self {
        Counter
    }
}

impl SimpleJamsocketService for Chat {
    fn new(_room_id: &str, _context: &impl JamsocketContext) -> Self {
        Chat
    }
}

fn main() {}
