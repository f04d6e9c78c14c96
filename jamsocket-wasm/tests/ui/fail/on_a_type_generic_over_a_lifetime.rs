use jamsocket_wasm::prelude::*;

#[jamsocket_wasm]
struct Shared<'a>(&'a str);

impl SimpleJamsocketService for Shared<'static> {
    fn new(_room_id: &str, _context: &impl JamsocketContext) -> Self {
        Shared("")
    }
}

fn main() {}
