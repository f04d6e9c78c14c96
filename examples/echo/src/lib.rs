//! Sends every message back to who sent it, text as text and binary as binary.
//!
//! Run it with `jamsocket dev` in the package's folder and open http://localhost:8080/. The page is
//! `static/index.html`.

use jamsocket_wasm::prelude::*;

/// A room in which everyone talks to themselves.
#[jamsocket_wasm]
#[derive(Debug)]
pub struct EchoService;

impl SimpleJamsocketService for EchoService {
    fn new(_room_id: &str, _context: &impl JamsocketContext) -> Self {
        EchoService
    }

    fn message(&mut self, client: ClientId, message: &str, context: &impl JamsocketContext) {
        context.send_message(client, message);
    }

    fn binary(&mut self, client: ClientId, message: &[u8], context: &impl JamsocketContext) {
        context.send_binary(client, message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jamsocket::testing::{Nothing, TestRoom};

    #[test]
    fn each_message_goes_back_in_its_kind_and_nothing_else_does() {
        let mut room = TestRoom::<EchoService>::new("1");
        let (ann, bob) = (room.join(), room.join());
        room.send(ann, "hello");
        room.send(ann, "");
        assert_eq!(room.received(ann), ["hello", ""]);
        room.send_binary(ann, [0, 255]);
        room.send_binary(ann, []);
        assert_eq!(room.received(ann), [vec![0, 255], vec![]]);
        assert_eq!(room.received(bob), Nothing);
    }
}
