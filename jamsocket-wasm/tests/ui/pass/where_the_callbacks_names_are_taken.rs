//! The exports leave the names of their module alone, and those of std.
#![deny(missing_docs, warnings, rust_2018_idioms, unused)]
#![forbid(unsafe_code)]

use jamsocket_wasm::prelude::*;

#[jamsocket_wasm]
#[allow(non_camel_case_types)]
struct GUEST;

impl SimpleJamsocketService for GUEST {
    fn new(_room_id: &str, _context: &impl JamsocketContext) -> Self {
        connect();
        message();
        GUEST
    }
}

fn connect() {}
fn message() {}

fn main() {}
