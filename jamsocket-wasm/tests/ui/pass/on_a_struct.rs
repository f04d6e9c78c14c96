//! The common case.
#![deny(missing_docs, warnings, rust_2018_idioms, unused)]
#![forbid(unsafe_code)]

use jamsocket_wasm::prelude::*;

#[jamsocket_wasm]
struct Counter(i32);

impl SimpleJamsocketService for Counter {
    fn new(_room_id: &str, _context: &impl JamsocketContext) -> Self {
        Counter(0)
    }

    fn message(&mut self, _client: ClientId, _message: &str, _context: &impl JamsocketContext) {
        self.0 += 1;
    }
}

fn main() {}
