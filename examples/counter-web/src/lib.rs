//! The shared counter with a page of its own: two tabs stay in step.
//!
//! Run it with `jamsocket dev examples/counter-web` and open http://localhost:8080/, or
//! http://localhost:8080/#kitchen for the room `kitchen`. The page is `static/index.html`;
//! `jamsocket.toml` has it served.

use jamsocket_wasm::prelude::*;

/// The number of one room.
#[jamsocket_wasm]
#[derive(Debug)]
pub struct WebCounter(i32);

impl WebCounter {
    fn show(&self, to: impl Into<MessageRecipient>, context: &impl JamsocketContext) {
        context.send_message(to, &self.0.to_string());
    }
}

impl SimpleJamsocketService for WebCounter {
    fn new(_room_id: &str, _context: &impl JamsocketContext) -> Self {
        WebCounter(0)
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

    #[test]
    fn a_new_tab_is_shown_the_value_and_a_press_reaches_all() {
        let (sent, first, second) = (Sent::default(), ClientId::from(1), ClientId::from(2));
        let mut counter = WebCounter::new("lobby", &sent);
        counter.connect(first, &sent);
        counter.message(first, "decrement", &sent);
        counter.connect(second, &sent);
        counter.message(second, "increment", &sent);
        let everyone = MessageRecipient::Broadcast;
        let expected =
            [(first.into(), "0"), (everyone, "-1"), (second.into(), "-1"), (everyone, "0")];
        let sent = sent.0.into_inner().unwrap();
        assert_eq!(sent, expected.map(|(to, value)| (to, value.to_owned())));
    }
}
