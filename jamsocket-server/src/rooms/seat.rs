use super::{Event, Membership, driver::TURN, room_task::RoomTask};
use bytes::Bytes;
use bytestring::ByteString;
use std::{
    cell::Cell,
    rc::Rc,
    task::{Context, Poll},
};
use tokio::time::Instant;

/// A client's place in a room, on the client's own thread. Dropping it is leaving.
#[derive(Debug)]
pub(crate) struct Seat {
    membership: Membership,
    /// None where the room lives on another thread.
    room: Option<Rc<RoomTask>>,
    /// Since when the client has sent without a pause.
    since: Cell<Option<Instant>>,
}

impl Seat {
    /// The place of a client that lives on this thread.
    pub(crate) fn new(membership: Membership) -> Self {
        let room = RoomTask::here(membership.inbox());
        Self { membership, room, since: Cell::default() }
    }

    /// Sends a message, at `now`.
    pub(crate) fn send_text(&self, text: ByteString, now: Instant) {
        self.send(Event::Text(self.membership.client(), text), now);
    }

    /// Sends a message likewise.
    pub(crate) fn send_binary(&self, bytes: Bytes, now: Instant) {
        self.send(Event::Binary(self.membership.client(), bytes), now);
    }

    /// Notes that the client has sent nothing more for now.
    pub(crate) fn pause(&self) {
        self.since.set(None);
    }

    /// Whether the room takes another message. Ask before each.
    pub(crate) fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.membership.inbox().poll_ready(cx)
    }

    /// Has the room handle a message at once, where it waits on this thread and the client's turn is
    /// not over; otherwise the message waits for the room.
    fn send(&self, event: Event, now: Instant) {
        let inbox = self.membership.inbox();
        let since = self.since.get().unwrap_or(now);
        self.since.set(Some(since));
        let is_its_turn = now.duration_since(since) < TURN;
        match &self.room {
            Some(room) if is_its_turn && inbox.begin_handing() => room.run(event, now),
            _ => inbox.push(event),
        }
    }
}
