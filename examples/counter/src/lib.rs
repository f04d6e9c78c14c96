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
    use std::sync::Mutex;

    #[derive(Default)]
    struct Sent(Mutex<Vec<(MessageRecipient, String)>>);

    impl JamsocketContext for Sent {
        fn send_message(&self, to: impl Into<MessageRecipient>, message: &str) {
            self.0.lock().unwrap().push((to.into(), message.to_owned()));
        }
        fn send_binary(&self, _: impl Into<MessageRecipient>, _: &[u8]) {}
        fn set_timer(&self, _: u32) {}
    }

    fn broadcasts_after(messages: &[&str]) -> Vec<(MessageRecipient, String)> {
        let sent = Sent::default();
        let mut counter = SharedCounterServer::new("1", &sent);
        counter.connect(ClientId::from(1), &sent);
        for message in messages {
            counter.message(ClientId::from(1), message, &sent);
        }
        sent.0.into_inner().unwrap()
    }

    fn to_everyone(value: &str) -> (MessageRecipient, String) {
        (MessageRecipient::Broadcast, value.to_owned())
    }

    #[test]
    fn everyone_is_told_each_new_value() {
        assert_eq!(
            broadcasts_after(&["increment", "increment", "decrement"]),
            ["new value: 1", "new value: 2", "new value: 1"].map(to_everyone)
        );
    }

    #[test]
    fn joining_and_other_messages_change_nothing() {
        assert_eq!(broadcasts_after(&["Increment", "", "reset"]), []);
    }
}
