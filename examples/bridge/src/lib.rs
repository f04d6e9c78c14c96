//! A room that is bridged to another WebSocket server: what anyone says goes there, and what comes from
//! there goes to all. `connect URL` opens the bridge.
//!
//! Run it with `jamsocket dev examples/bridge --allow-net wss://example.com`, send
//! `connect wss://example.com/` to ws://localhost:8080/ws/1, and then anything else.

use jamsocket_wasm::{Context, bus::ws, prelude::*, spawn, with};

/// The bridge of one room, once it is open.
#[jamsocket_wasm]
#[derive(Debug)]
pub struct Bridge {
    sender: Option<ws::Sender>,
}

impl SimpleJamsocketService for Bridge {
    fn new(_room_id: &str, _context: &impl JamsocketContext) -> Self {
        Bridge { sender: None }
    }

    fn message(&mut self, client: ClientId, message: &str, context: &impl JamsocketContext) {
        if let Some(url) = message.strip_prefix("connect ") {
            spawn(bridge(url.to_owned()));
        } else if let Some(sender) = self.sender.clone() {
            let message = message.to_owned();
            spawn(async move {
                if let Err(error) = sender.send_text(message).await {
                    Context.send_message(client, &format!("not sent: {error}"));
                }
            });
        } else {
            context.send_message(client, "not connected");
        }
    }
}

/// Opens the bridge, in the place of one that is open, and passes on what comes over it.
async fn bridge(url: String) {
    let (sender, mut receiver) = match ws::connect(&url).await {
        Ok(opened) => opened,
        Err(error) => return tell_all(&format!("{url}: {error}")),
    };
    let before = with(|bridge: &mut Bridge, _| bridge.sender.replace(sender));
    if let Some(before) = before {
        before.close();
    }
    tell_all("connected");
    while let Some(message) = receiver.receive().await {
        tell_all(&String::from_utf8_lossy(&message));
    }
    tell_all("disconnected");
}

fn tell_all(message: &str) {
    Context.send_message(MessageRecipient::Broadcast, message);
}
