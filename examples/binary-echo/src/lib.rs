//! Sends binary messages back to who sent them, and lets text be.
//!
//! Run it with `jamsocket dev examples/binary-echo` and connect to ws://localhost:8080/ws/1.

use jamsocket_wasm::prelude::*;

/// A room that answers bytes.
#[jamsocket_wasm]
#[derive(Debug)]
pub struct BinaryEchoService;

impl SimpleJamsocketService for BinaryEchoService {
    fn new(_room_id: &str, _context: &impl JamsocketContext) -> Self {
        BinaryEchoService
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
    fn bytes_go_back_and_text_does_not() {
        let mut room = TestRoom::<BinaryEchoService>::new("1");
        let (ann, bob) = (room.join(), room.join());
        room.send(ann, "hello");
        room.send_binary(ann, [0, 255]);
        assert_eq!(room.received(ann), [[0, 255]]);
        assert_eq!(room.received(bob), Nothing);
    }
}
