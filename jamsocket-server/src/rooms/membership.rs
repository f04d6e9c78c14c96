use super::{Event, Inbox};
use bytes::Bytes;
use bytestring::ByteString;
use jamsocket::ClientId;
use std::{
    sync::Arc,
    task::{Context, Poll},
};

/// A client's place in a room. Dropping it is leaving, wherever and for whatever reason that
/// happens, so that no client stays behind as a ghost.
#[derive(Debug)]
pub(crate) struct Membership {
    room: Arc<Inbox>,
    client: ClientId,
}

impl Membership {
    pub(super) fn new(room: Arc<Inbox>, client: ClientId) -> Self {
        Self { room, client }
    }

    pub(crate) fn send_text(&self, text: ByteString) {
        self.room.push(Event::Text(self.client, text));
    }

    pub(crate) fn send_binary(&self, bytes: Bytes) {
        self.room.push(Event::Binary(self.client, bytes));
    }

    /// Whether the room takes another message. Ask before each.
    pub(crate) fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.room.poll_ready(cx)
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.room.push(Event::Leave(self.client));
    }
}
