//! Sends every message back to who sent it, text as text and binary as binary.
//!
//! Run it with `jamsocket dev examples/echo` and connect to ws://localhost:8080/ws/1.

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
    use std::sync::Mutex;

    #[derive(Debug, PartialEq)]
    enum Sent {
        Text(MessageRecipient, String),
        Binary(MessageRecipient, Vec<u8>),
    }

    #[derive(Default)]
    struct Context(Mutex<Vec<Sent>>);

    impl JamsocketContext for Context {
        fn send_message(&self, to: impl Into<MessageRecipient>, message: &str) {
            let sent = Sent::Text(to.into(), message.to_owned());
            self.0.lock().unwrap().push(sent);
        }
        fn send_binary(&self, to: impl Into<MessageRecipient>, message: &[u8]) {
            let sent = Sent::Binary(to.into(), message.to_vec());
            self.0.lock().unwrap().push(sent);
        }
        fn set_timer(&self, _: u32) {}
    }

    #[test]
    fn each_message_goes_back_in_its_kind_and_nothing_else_does() {
        let (context, client) = (Context::default(), ClientId::from(3));
        let mut echo = EchoService::new("1", &context);
        echo.connect(client, &context);
        echo.message(client, "hello", &context);
        echo.message(client, "", &context);
        echo.binary(client, &[0, 255], &context);
        echo.binary(client, &[], &context);
        echo.disconnect(client, &context);
        let to = MessageRecipient::Client(client);
        assert_eq!(
            context.0.into_inner().unwrap(),
            [
                Sent::Text(to, "hello".to_owned()),
                Sent::Text(to, String::new()),
                Sent::Binary(to, vec![0, 255]),
                Sent::Binary(to, vec![]),
            ]
        );
    }
}
