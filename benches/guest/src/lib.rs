//! The room that benchmarks load: a message that begins with `e` goes back to its sender, one that
//! begins with `b` goes to everyone.

use jamsocket_wasm::prelude::*;

/// A room that does with each message what its first byte says.
#[jamsocket_wasm]
#[derive(Debug)]
pub struct Bench;

impl SimpleJamsocketService for Bench {
    fn new(_: &str, _: &impl JamsocketContext) -> Self {
        Self
    }

    fn message(&mut self, client: ClientId, message: &str, context: &impl JamsocketContext) {
        if let Some(to) = recipient(client, message.as_bytes()) {
            context.send_message(to, message);
        }
    }

    fn binary(&mut self, client: ClientId, message: &[u8], context: &impl JamsocketContext) {
        if let Some(to) = recipient(client, message) {
            context.send_binary(to, message);
        }
    }
}

/// Who gets a message that starts like this.
fn recipient(sender: ClientId, message: &[u8]) -> Option<MessageRecipient> {
    match message.first() {
        Some(b'e') => Some(sender.into()),
        Some(b'b') => Some(MessageRecipient::Broadcast),
        _ => None,
    }
}
