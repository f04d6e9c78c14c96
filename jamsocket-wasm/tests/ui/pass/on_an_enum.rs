//! A service may be any type, and in any module.
#![deny(missing_docs, warnings, rust_2018_idioms, unused)]
#![forbid(unsafe_code)]

use jamsocket_wasm::prelude::*;

/// Where the room is.
pub mod rooms {
    use super::*;

    /// A door.
    #[jamsocket_wasm]
    #[derive(Debug)]
    pub enum Door {
        /// Nobody is in.
        Shut,
        /// Somebody is.
        Open,
    }

    impl SimpleJamsocketService for Door {
        fn new(_room_id: &str, _context: &impl JamsocketContext) -> Self {
            Door::Shut
        }

        fn connect(&mut self, _client: ClientId, _context: &impl JamsocketContext) {
            *self = Door::Open;
        }
    }
}

fn main() {}
