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
    use std::sync::Mutex;

    #[derive(Default)]
    struct Sent(Mutex<Vec<(MessageRecipient, Vec<u8>)>>);

    impl JamsocketContext for Sent {
        fn send_message(&self, _: impl Into<MessageRecipient>, message: &str) {
            panic!("sent the text {message:?}");
        }
        fn send_binary(&self, to: impl Into<MessageRecipient>, message: &[u8]) {
            self.0.lock().unwrap().push((to.into(), message.to_vec()));
        }
        fn set_timer(&self, _: u32) {}
    }

    #[test]
    fn bytes_go_back_and_text_does_not() {
        let (sent, client) = (Sent::default(), ClientId::from(3));
        let mut echo = BinaryEchoService::new("1", &sent);
        echo.connect(client, &sent);
        echo.message(client, "hello", &sent);
        echo.binary(client, &[0, 255], &sent);
        assert_eq!(sent.0.into_inner().unwrap(), [(client.into(), vec![0, 255])]);
    }
}
