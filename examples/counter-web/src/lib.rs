//! The shared counter with a page of its own: two tabs stay in step.
//!
//! Run it with `jamsocket dev` in the package's folder and open http://localhost:8080/ twice, or
//! http://localhost:8080/#kitchen for the room `kitchen`. The page is `static/index.html`;
//! `jamsocket.toml` has it served.

use jamsocket_wasm::prelude::*;

/// The number of one room.
#[jamsocket_wasm]
#[derive(Debug)]
pub struct Counter(i32);

impl Counter {
    fn show(&self, to: impl Into<MessageRecipient>, context: &impl JamsocketContext) {
        context.send_message(to, &self.0.to_string());
    }
}

impl SimpleJamsocketService for Counter {
    fn new(_room_id: &str, _context: &impl JamsocketContext) -> Self {
        Counter(0)
    }

    fn connect(&mut self, client: ClientId, context: &impl JamsocketContext) {
        self.show(client, context);
    }

    fn message(&mut self, _client: ClientId, message: &str, context: &impl JamsocketContext) {
        match message {
            "increment" => self.0 += 1,
            "decrement" => self.0 -= 1,
            _ => return,
        }
        self.show(MessageRecipient::Broadcast, context);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jamsocket::testing::TestRoom;

    #[test]
    fn a_new_tab_is_shown_the_value_and_a_press_reaches_all() {
        let mut room = TestRoom::<Counter>::new("lobby");
        let first = room.join();
        room.send(first, "decrement");
        let second = room.join();
        room.send(second, "increment");
        room.send(second, "reset");
        assert_eq!(room.received(first), ["0", "-1", "0"]);
        assert_eq!(room.received(second), ["-1", "0"]);
    }
}
