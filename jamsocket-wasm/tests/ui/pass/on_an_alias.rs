//! An alias will do where the type is somebody else's.
#![deny(missing_docs, warnings, rust_2018_idioms, unused)]
#![forbid(unsafe_code)]

use jamsocket_wasm::prelude::*;

struct Counter;

impl SimpleJamsocketService for Counter {
    fn new(_room_id: &str, _context: &impl JamsocketContext) -> Self {
        Counter
    }
}

#[jamsocket_wasm]
type Service = Counter;

fn main() {}
