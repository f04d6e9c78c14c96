use super::{Logged, Received};
use crate::{
    ClientId, LogLevel,
    host::{Departure, Message, RoomHost},
};
use std::{collections::BTreeMap, mem, time::Duration};

/// Where a test's room plays: its clock, and what it has done that nobody has asked for yet.
#[derive(Debug, Default)]
pub(super) struct Stage {
    pub(super) now: Duration,
    clients: BTreeMap<ClientId, Seat>,
    log: Vec<Logged>,
}

/// A client that is in the room or has been.
#[derive(Debug, Default)]
pub(super) struct Seat {
    received: Vec<Received>,
    /// Why it is not in any more.
    pub(super) departure: Option<Departure>,
}

impl Stage {
    /// Has a place for a client that is about to join.
    pub(super) fn admit(&mut self, client: ClientId) {
        self.clients.insert(client, Seat::default());
    }

    /// The place of a client, unless it never joined.
    pub(super) fn seat(&self, client: ClientId) -> Option<&Seat> {
        self.clients.get(&client)
    }

    /// Takes what a client has received, unless it never joined.
    pub(super) fn take_received(&mut self, client: ClientId) -> Option<Vec<Received>> {
        self.clients.get_mut(&client).map(|seat| mem::take(&mut seat.received))
    }

    pub(super) fn take_log(&mut self) -> Vec<Logged> {
        mem::take(&mut self.log)
    }
}

impl RoomHost<()> for Stage {
    fn now(&mut self) -> Duration {
        self.now
    }

    fn deliver<'a>(
        &mut self,
        message: Message,
        recipients: impl Iterator<Item = (ClientId, &'a ())>,
    ) {
        let received = Received::new(&message);
        for (client, ()) in recipients {
            self.clients.entry(client).or_default().received.push(received.clone());
        }
    }

    fn log(&mut self, level: LogLevel, line: &str) {
        self.log.push(Logged { level, line: line.to_owned() });
    }

    fn depart(&mut self, client: ClientId, (): (), departure: Departure) {
        self.clients.entry(client).or_default().departure = Some(departure);
    }
}
