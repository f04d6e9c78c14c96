use jamsocket_wasm::prelude::*;

#[jamsocket_wasm]
struct Shared<T>(Option<T>);

impl<T: Unpin + Send + Sync + 'static> SimpleJamsocketService for Shared<T> {
    fn new(_room_id: &str, _context: &impl JamsocketContext) -> Self {
        Shared(None)
    }
}

fn main() {}
