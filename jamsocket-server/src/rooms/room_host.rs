use super::{Inbox, RoomId, RoomWork, Rooms, code::Trial, room_log::RoomLog};
use crate::{
    clients::{CloseReason, Outbox, frame},
    metrics::{self, Failure, ServiceMetrics, Traffic},
};
use jamsocket::{
    ClientId, JamsocketService, LogLevel, ServiceError, ServiceUsage,
    host::{Callback, Departure, Message, Room, RoomEnd, RoomHost},
};
use std::{mem, sync::Arc, time::Duration};
use tokio::time::Instant;

/// What a room of this server does its work on: outboxes, the log, the thread's clock.
pub(super) struct Host<'a> {
    id: &'a RoomId,
    log: RoomLog<'a>,
    inbox: &'a Arc<Inbox>,
    pub(super) born: Instant,
    pub(super) max_clients: usize,
    /// Clients whose outbox was full. They are treated as left.
    pub(super) slow: Vec<ClientId>,
    metrics: &'a ServiceMetrics,
    traffic: Arc<Traffic>,
    work: RoomWork,
    counted: Counted,
    /// The time, where it was looked at just now.
    pub(super) clock: Option<Instant>,
    /// When the last callback began.
    called: Instant,
    /// Which version of the code the room runs.
    pub(super) version: u64,
    /// What to go back to where the version that runs fails on trial.
    before: Option<Before>,
}

/// What a room's service was refused, as far as that is counted.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Counted {
    refused_growths: u64,
    denied_calls: u64,
}

/// What a room that has gone over to new code can go back to.
struct Before {
    version: u64,
    counted: Counted,
    /// What is to be told of the failure.
    trial: Trial,
}

impl<'a> Host<'a> {
    /// For a room that begins now, with this version of the code.
    pub(super) fn new(
        rooms: &'a Rooms,
        id: &'a RoomId,
        inbox: &'a Arc<Inbox>,
        version: u64,
    ) -> Self {
        let born = Instant::now();
        Self {
            id,
            log: RoomLog::new(rooms, id),
            inbox,
            born,
            max_clients: rooms.settings.limits.max_clients as usize,
            slow: Vec::new(),
            metrics: &rooms.metrics,
            traffic: rooms.metrics.traffic(),
            work: RoomWork::default(),
            counted: Counted::default(),
            clock: None,
            called: born,
            version,
            before: None,
        }
    }

    /// Notes that the room has begun.
    pub(super) fn started(&self) {
        self.log.started();
        self.metrics.started_rooms.count();
    }

    /// Notes how the room has ended.
    pub(super) fn ended(&self, end: &RoomEnd) {
        self.log.ended(end);
        if let RoomEnd::Failed { error, .. } = end {
            self.metrics.room_failures.count(Failure::from(error));
        }
    }

    /// Notes that the room goes over to this version of the code, perhaps on trial.
    pub(super) fn swapped(&mut self, version: u64, trial: Option<Trial>) {
        let counted = mem::take(&mut self.counted);
        let before = mem::replace(&mut self.version, version);
        self.before = trial.map(|trial| Before { version: before, counted, trial });
        // It was built meanwhile.
        self.clock = None;
    }

    /// Notes that the version that runs is not on trial any more.
    pub(super) fn trust(&mut self) {
        self.before = None;
    }

    /// Notes that the room goes back to the version before. Returns the trial that has ended so.
    pub(super) fn restored(&mut self) -> Option<Trial> {
        let Before { version, counted, trial } = self.before.take()?;
        (self.version, self.counted) = (version, counted);
        Some(trial)
    }

    /// Counts a message on its way in.
    pub(super) fn receive(&mut self, bytes: usize) {
        self.work.messages += 1;
        self.traffic.received_messages.add(1);
        self.traffic.received_bytes.add(bytes as u64);
    }

    /// Tells others of the room, as it is `now`.
    pub(super) fn publish<S: JamsocketService>(
        &mut self,
        room: &Room<S, Arc<Outbox>>,
        now: Instant,
    ) {
        let usage = room.usage();
        self.inbox.status.publish(room.clients(), usage.memory_bytes, self.work, now);
        let ServiceUsage { refused_growths, denied_calls, .. } = usage;
        let now = Counted { refused_growths, denied_calls };
        let before = mem::replace(&mut self.counted, now);
        if now != before {
            let refused = refused_growths.saturating_sub(before.refused_growths);
            self.traffic.refused_growths.add(refused);
            self.traffic.denied_calls.add(denied_calls.saturating_sub(before.denied_calls));
        }
    }
}

impl RoomHost<Arc<Outbox>> for Host<'_> {
    fn now(&mut self) -> Duration {
        self.born.elapsed()
    }

    fn deliver<'a>(
        &mut self,
        message: Message,
        recipients: impl Iterator<Item = (ClientId, &'a Arc<Outbox>)>,
    ) {
        let mut recipients = recipients.peekable();
        if recipients.peek().is_none() {
            return self.traffic.undelivered_messages.add(1);
        }
        let bytes = message.payload().len() as u64;
        let mut frame = frame::encode(message);
        let mut sent = 0;
        while let Some((client, outbox)) = recipients.next() {
            sent += 1;
            // The last one gets the frame itself: one that goes to a single client is never shared.
            let is_last = recipients.peek().is_none();
            let frame = if is_last { mem::take(&mut frame) } else { frame.clone() };
            if outbox.push(frame).is_err() {
                self.log.slow_client(client);
                self.metrics.slow_clients.count();
                outbox.abandon(CloseReason::TOO_SLOW);
                self.slow.push(client);
            }
        }
        self.traffic.sent_messages.add(sent);
        self.traffic.sent_bytes.add(sent * bytes);
    }

    fn log(&mut self, level: LogLevel, line: &str) {
        self.log.line(level, line);
    }

    fn drop_logs(&mut self, lines: u64) {
        self.traffic.dropped_log_lines.add(lines);
    }

    fn begin_call(&mut self, _: Callback) {
        self.called = self.clock.take().unwrap_or_else(Instant::now);
    }

    fn end_call(&mut self, callback: Callback) {
        let now = Instant::now();
        self.clock = Some(now);
        if let Some(callback) = metrics::Callback::of(callback) {
            let took = now.duration_since(self.called);
            self.traffic.callback(callback).add(took);
            self.work.callbacks += 1;
            self.work.busy_nanos += took.as_nanos() as u64;
        }
    }

    fn roll_back(&mut self, callback: Callback, error: ServiceError) {
        let reason = format!("{callback} failed: {error}");
        self.log.rolled_back(&reason);
        self.metrics.room_failures.count(Failure::from(&error));
        if let Some(trial) = self.restored() {
            trial.fail(self.id, reason);
        }
    }

    fn depart(&mut self, _: ClientId, outbox: Arc<Outbox>, departure: Departure) {
        match departure {
            // A client that left closes its socket itself, or has none any more.
            Departure::Left => {}
            Departure::Stopped => outbox.close(CloseReason::STOPPING),
            Departure::Failed | Departure::Missed => outbox.close(CloseReason::ROOM_FAILED),
        }
    }
}
