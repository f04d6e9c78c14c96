//! A number that everyone in the room shares.
//!
//! `increment` adds one and `decrement` takes one; everyone is told the new value. Run it with
//! `jamsocket dev examples/counter` and connect to ws://localhost:8080/ws/1.

use jamsocket_wasm::prelude::*;

/// The number of one room.
#[jamsocket_wasm]
#[derive(Debug)]
pub struct SharedCounterServer(i32);

impl SimpleJamsocketService for SharedCounterServer {
    fn new(_room_id: &str, _context: &impl JamsocketContext) -> Self {
        SharedCounterServer(0)
    }

    fn message(&mut self, _client: ClientId, message: &str, context: &impl JamsocketContext) {
        match message {
            "increment" => self.0 += 1,
            "decrement" => self.0 -= 1,
            _ => return,
        }
        let value = format!("new value: {}", self.0);
        context.send_message(MessageRecipient::Broadcast, &value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jamsocket::testing::TestRoom;

    #[test]
    fn everyone_is_told_each_new_value() {
        let mut room = TestRoom::<SharedCounterServer>::new("1");
        let (ann, bob) = (room.join(), room.join());
        room.send(ann, "increment");
        room.send(bob, "increment");
        room.leave(ann);
        room.send(bob, "decrement");
        assert_eq!(room.received(ann), ["new value: 1", "new value: 2"]);
        assert_eq!(room.received(bob), ["new value: 1", "new value: 2", "new value: 1"]);
    }

    #[test]
    fn joining_and_other_messages_change_nothing() {
        let mut room = TestRoom::<SharedCounterServer>::new("1");
        let ann = room.join();
        for message in ["Increment", "", "reset"] {
            room.send(ann, message);
        }
        room.send_binary(ann, "increment");
        room.send(ann, "increment");
        assert_eq!(room.received(ann), ["new value: 1"]);
    }
}
