//! How a generic service is exported: with its parameters filled in.
#![deny(missing_docs, warnings, rust_2018_idioms, unused)]
#![forbid(unsafe_code)]

use jamsocket_wasm::prelude::*;

struct Shared<T, const SEATS: usize>([Option<T>; SEATS]);

impl<T: Default + Unpin + Send + Sync + 'static, const SEATS: usize> SimpleJamsocketService
    for Shared<T, SEATS>
{
    fn new(_room_id: &str, _context: &impl JamsocketContext) -> Self {
        Shared(std::array::from_fn(|_| None))
    }

    fn connect(&mut self, client: ClientId, _context: &impl JamsocketContext) {
        if let Some(seat) = self.0.get_mut(u32::from(client) as usize) {
            *seat = Some(T::default());
        }
    }
}

#[jamsocket_wasm]
type Service = Shared<String, 8>;

fn main() {}
