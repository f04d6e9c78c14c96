mod counter {
    use jamsocket_wasm::prelude::*;

    #[jamsocket_wasm]
    struct Counter;

    impl SimpleJamsocketService for Counter {
        fn new(_room_id: &str, _context: &impl JamsocketContext) -> Self {
            Counter
        }
    }
}

mod chat {
    use jamsocket_wasm::prelude::*;

    #[jamsocket_wasm]
    struct Chat;

    impl SimpleJamsocketService for Chat {
        fn new(_room_id: &str, _context: &impl JamsocketContext) -> Self {
            Chat
        }
    }
}

fn main() {}
