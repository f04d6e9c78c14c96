use super::{
    creates::Creates,
    journal::{Entries, Journal},
    world::{JOIN_TIME, MAX_CLIENTS, MAX_ROOMS},
};
use crate::{
    clients::Outbox,
    rooms::{JoinError, Membership, Seat, service::UsedUp},
};
use std::{
    sync::Arc,
    task::{Context, Waker},
    time::Duration,
};
use tokio::{task::JoinHandle, time::Instant};

/// A client: what it has done, and what it has received.
#[derive(Debug)]
pub(super) struct Guest {
    pub(super) id: String,
    pub(super) outbox: Arc<Outbox>,
    pub(super) place: Place,
    /// Whether it reads all the while, or only at the end.
    pub(super) reads: bool,
    /// When it asked to join.
    since: Instant,
    /// Whether it asked after the rooms were told to stop.
    too_late: bool,
    /// How many messages it has sent.
    sent: u32,
    received: Vec<String>,
    /// The code that it was closed with.
    close: Option<u16>,
}

/// Where a client is.
#[derive(Debug)]
pub(super) enum Place {
    Joining(JoinHandle<Outcome>),
    In(Seat),
    /// It was in.
    Left,
    Refused,
    /// It did not wait for the answer.
    GaveUp,
}

/// What came of a join.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) after: Duration,
    /// Whether the rooms had been told to stop by then.
    pub(super) stopping: bool,
    /// Whether its room was busy then.
    pub(super) busy: bool,
    /// How many rooms there were then.
    pub(super) rooms: usize,
    pub(super) answer: Result<Membership, JoinError>,
}

impl Guest {
    /// A client that asks to join now.
    pub(super) fn new(
        id: String,
        outbox: Arc<Outbox>,
        outcome: JoinHandle<Outcome>,
        reads: bool,
        too_late: bool,
    ) -> Self {
        Self {
            id,
            outbox,
            place: Place::Joining(outcome),
            reads,
            since: Instant::now(),
            too_late,
            sent: 0,
            received: Vec::new(),
            close: None,
        }
    }

    /// Leaves its room, or waits for none any more.
    pub(super) fn go(&mut self) {
        match std::mem::replace(&mut self.place, Place::Left) {
            Place::Joining(outcome) => {
                outcome.abort();
                self.place = Place::GaveUp;
            }
            Place::In(seat) => drop(seat),
            other => self.place = other,
        }
    }

    /// Says something to its room, where that takes it.
    pub(super) fn say(&mut self, what: &str) {
        let Place::In(seat) = &self.place else { return };
        if seat.poll_ready(&mut Context::from_waker(Waker::noop())).is_ready() {
            self.sent += 1;
            if self.sent.is_multiple_of(2) {
                seat.pause();
            }
            seat.send_text(format!("{} {what}", self.sent).into(), Instant::now());
        }
    }

    /// Takes the outcome of its join, where there is one by now. Returns what is wrong with it.
    pub(super) async fn learn(
        &mut self,
        journal: &Journal,
        creates: &Creates,
    ) -> Result<(), String> {
        let Place::Joining(outcome) = &mut self.place else { return Ok(()) };
        if !outcome.is_finished() {
            return Ok(());
        }
        let outcome = outcome.await.map_err(|error| format!("a join ended: {error}"))?;
        let entries = journal.lock();
        let until = self.since + outcome.after;
        let is_known = creates.make_known(&self.id, self.since, until);
        let right = match &outcome.answer {
            Ok(_) => is_known.is_possible() && !self.too_late,
            Err(JoinError::Unknown) => !is_known.is_certain(),
            Err(JoinError::Stopping) => outcome.stopping,
            Err(JoinError::Busy) => outcome.busy && outcome.after == JOIN_TIME,
            Err(JoinError::Failed(_)) => {
                entries.in_vain(&self.id).any(|time| time.contains(&until))
            }
            Err(JoinError::AtCapacity(what)) => {
                self.capacity_is_used_up(what, outcome.rooms, &entries)
            }
        };
        let wrong = format!("a join of {} ended as {:?}", self.id, outcome.answer);
        self.place = outcome.answer.map_or(Place::Refused, |place| Place::In(Seat::new(place)));
        if right { Ok(()) } else { Err(wrong) }
    }

    fn capacity_is_used_up(&self, what: &UsedUp, rooms: usize, entries: &Entries) -> bool {
        match what {
            UsedUp::Other(_) => entries.ever_full.contains(&self.id),
            UsedUp::Rooms => rooms == MAX_ROOMS as usize,
            UsedUp::Clients => entries
                .lives
                .iter()
                .any(|life| life.id == self.id && life.most_members >= MAX_CLIENTS as usize),
            _ => false,
        }
    }

    /// Reads what has come.
    pub(super) fn read(&mut self) {
        let bytes = self.outbox.drain();
        let (mut rest, mut frames) = (&bytes[..], 0);
        while let [first, length, following @ ..] = rest {
            assert!(self.close.is_none(), "something comes after a Close");
            assert!(*length < 126, "messages are short here");
            let (payload, next) = following.split_at(usize::from(*length));
            (rest, frames) = (next, frames + 1);
            if *first == 0x88 {
                self.close = Some(u16::from_be_bytes([payload[0], payload[1]]));
                assert!(frames == 1 || self.close != Some(1008), "what waited is kept");
            } else {
                self.received.push(String::from_utf8(payload.to_vec()).unwrap());
            }
        }
    }

    /// The room that it is in, or was, and its number there.
    fn identity(&self) -> Option<(usize, u32)> {
        let mut words = self.received.first()?.strip_prefix("you are ")?.split(' ');
        Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?))
    }

    /// Checks, when nothing happens, that it received just what was sent while it was in, that what
    /// it said was heard, and that it knows whether it is in. Returns what is wrong.
    pub(super) fn check(&self, entries: &Entries, stopped: bool) -> Result<(), String> {
        let was_in = matches!(self.place, Place::In(_) | Place::Left);
        let Some((number, client)) = self.identity() else {
            // Nothing reaches one who was too slow from the start, or was never in.
            let right = self.received.is_empty() && (!was_in || self.close == Some(1008));
            return if right { Ok(()) } else { Err(format!("a client is nobody: {self:?}")) };
        };
        let life = &entries.lives[number];
        let sent = life.sent.get(&client).map_or(&[][..], Vec::as_slice);
        let heard = life.heard.get(&client).map_or(&[][..], Vec::as_slice);
        let said = self.sent as usize;
        let cut_short = life.failed || stopped || self.close.is_some();
        let is_member = life.members.contains(&client) && !life.failed;
        let takes_more = match &self.place {
            Place::In(place) => {
                place.poll_ready(&mut Context::from_waker(Waker::noop())).is_ready()
            }
            _ => true,
        };
        let rules = [
            ("it is in its own room", life.id == self.id),
            (
                "it receives what is sent",
                match self.close {
                    Some(1008) => sent.starts_with(&self.received),
                    _ => sent == self.received,
                },
            ),
            ("it is heard in order", heard.iter().copied().eq(1..=heard.len() as u32)),
            ("all is heard", heard.len() == said || cut_short && heard.len() < said),
            ("its room takes more", takes_more),
            (
                "it knows whether it is in",
                match self.close {
                    None => is_member || life.failed || !matches!(self.place, Place::In(_)),
                    Some(_) => !is_member,
                },
            ),
            (
                "it knows why not",
                match self.close {
                    None => !(life.failed && matches!(self.place, Place::In(_))),
                    Some(1001) => stopped,
                    Some(1008) => true,
                    Some(1011) => life.failed,
                    Some(_) => false,
                },
            ),
        ];
        match rules.iter().find(|(_, holds)| !holds) {
            None => Ok(()),
            Some((rule, _)) => Err(format!("not so: {rule}: {heard:?}, {sent:?}, {self:?}")),
        }
    }
}
