use jamsocket_wasm::prelude::*;

#[jamsocket_wasm]
struct Shared<const SEATS: usize>([bool; SEATS]);

impl<const SEATS: usize> SimpleJamsocketService for Shared<SEATS> {
    fn new(_room_id: &str, _context: &impl JamsocketContext) -> Self {
        Shared([false; SEATS])
    }
}

fn main() {}
