use super::{Event, Inbox};
use jamsocket::ClientId;
use std::sync::Arc;

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

    pub(super) fn inbox(&self) -> &Arc<Inbox> {
        &self.room
    }

    pub(super) fn client(&self) -> ClientId {
        self.client
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.room.push(Event::Leave(self.client));
    }
}
