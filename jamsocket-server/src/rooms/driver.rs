//! Drives a room: a task that owns its room and feeds it one event at a time. It runs on the worker thread that built the room, and shares it with other rooms.

use super::{
    Event, Inbox, Membership, RoomId, Rooms,
    inbox::{Next, Refused},
    room_log::RoomLog,
    room_task::Handed,
};
use crate::{
    clients::{CloseReason, Outbox, frame},
    metrics::{self, Failure, ServiceMetrics, Traffic},
};
use jamsocket::{
    ClientId, JamsocketService, LogLevel,
    host::{Callback, Departure, Input, Message, Room, RoomEnd, RoomHost, ServiceShutdownPolicy},
};
use std::{future::poll_fn, mem, pin::Pin, sync::Arc, task::Poll, time::Duration};
use tokio::{
    task::yield_now,
    time::{Instant, Sleep, sleep_until},
};

/// For how long a room handles events before it lets others of its thread have their turn.
pub(super) const TURN: Duration = Duration::from_millis(1);

/// Runs a room from its first moment to its end.
///
/// Who asked for the room while it was built comes in before its clocks start. Where it was built
/// for such a client alone and that one has gone, `ends_unjoined` says that nobody else expects it.
pub(super) async fn drive<S: JamsocketService>(
    mut room: Room<S, Arc<Outbox>>,
    rooms: &Rooms,
    id: &RoomId,
    inbox: &Arc<Inbox>,
    handed: &Handed,
    ends_unjoined: bool,
) {
    let born = Instant::now();
    let mut host = Host {
        log: RoomLog::new(rooms, id),
        inbox,
        born,
        max_clients: rooms.settings.limits.max_clients as usize,
        slow: Vec::new(),
        metrics: &rooms.metrics,
        traffic: rooms.metrics.traffic(),
        refused_growths: 0,
        clock: None,
        called: born,
    };
    let mut alarm = Alarm::default();
    host.log.started();
    rooms.metrics.started_rooms.count();
    for _ in 0..inbox.len() {
        if let Woken { next: Some(Next::Event(event)), .. } = wait(inbox, handed, &mut alarm).await
        {
            handle(&mut room, event, &mut host).await;
        }
    }
    // Takes what the service has sent and asked for while it was built.
    room.handle(Input::Wake, &mut host).await;
    if ends_unjoined && room.clients() == 0 && room.policy() == ServiceShutdownPolicy::Immediate {
        room.handle(Input::Stop, &mut host).await;
    }
    let mut turn = Instant::now();
    host.publish(&room, turn);
    while room.end().is_none() {
        alarm.set(room.deadline().map(|deadline| born + deadline));
        let woken = wait(inbox, handed, &mut alarm).await;
        if let Some(at) = woken.at {
            turn = at;
            host.clock = Some(turn);
        }
        let is_event = matches!(woken.next, Some(Next::Event(_)));
        // The alarm counts however many events wait: a flood must not stop a room's timer.
        if !is_event || alarm.is_due(turn) {
            room.handle(Input::Wake, &mut host).await;
        }
        if let Some(Next::Event(event)) = woken.next {
            handle(&mut room, event, &mut host).await;
        }
        while let Some(client) = host.slow.pop() {
            room.handle(Input::Leave(client), &mut host).await;
        }
        let now = host.clock.take().unwrap_or_else(Instant::now);
        host.publish(&room, now);
        if now.duration_since(turn) >= TURN {
            // Tokio's own yield has the runtime look at its sockets first.
            yield_now().await;
            turn = Instant::now();
        }
    }
    if let Some(end) = room.end() {
        host.log.ended(end);
        if let RoomEnd::Failed { error, .. } = end {
            rooms.metrics.room_failures.count(Failure::from(error));
        }
    }
}

/// Gives an event to the room. One that is over drops it, and who wanted to join looks for another.
async fn handle<S: JamsocketService>(
    room: &mut Room<S, Arc<Outbox>>,
    event: Event,
    host: &mut Host<'_>,
) {
    if room.end().is_some() {
        return;
    }
    match event {
        Event::Join(outbox, joined) => {
            // Its ids may be spent, too, after two thousand million clients.
            let has_place = room.clients() < host.max_clients;
            let Some(client) = has_place.then(|| room.next_client()).flatten() else {
                // Who has given up waiting needs not be told.
                return drop(joined.send(Err(Refused::Full)));
            };
            let membership = Membership::new(host.inbox.clone(), client);
            if joined.send(Ok(membership)).is_ok() {
                room.handle(Input::Join(client, outbox), host).await;
            }
        }
        Event::AwaitBuilt(built) => drop(built.send(Ok(()))),
        Event::Leave(client) => room.handle(Input::Leave(client), host).await,
        Event::Text(client, text) => {
            host.receive(text.len());
            room.handle(Input::Text(client, &text), host).await;
        }
        Event::Binary(client, bytes) => {
            host.receive(bytes.len());
            room.handle(Input::Binary(client, &bytes), host).await;
        }
        Event::Stop => room.handle(Input::Stop, host).await,
    }
}

/// What a room has waited for.
struct Woken {
    /// None when the alarm went off first.
    next: Option<Next>,
    /// When it came, where it was not there at once.
    at: Option<Instant>,
}

async fn wait(inbox: &Inbox, handed: &Handed, alarm: &mut Alarm) -> Woken {
    let mut waited = false;
    poll_fn(|cx| {
        if let Some((event, at)) = handed.take() {
            return Poll::Ready(Woken { next: Some(Next::Event(event)), at: Some(at) });
        }
        let at = || waited.then(Instant::now);
        if let Poll::Ready(next) = inbox.poll_next(cx) {
            return Poll::Ready(Woken { next: Some(next), at: at() });
        }
        let alarm = alarm.sleep.as_mut().map(|sleep| sleep.as_mut().poll(cx));
        if let Some(Poll::Ready(())) = alarm {
            inbox.stop_waiting();
            return Poll::Ready(Woken { next: None, at: at() });
        }
        waited = true;
        Poll::Pending
    })
    .await
}

/// The one timer of a room's task, set anew only when the room's deadline has changed.
#[derive(Default)]
struct Alarm {
    at: Option<Instant>,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Alarm {
    fn is_due(&self, now: Instant) -> bool {
        self.at.is_some_and(|at| at <= now)
    }

    fn set(&mut self, at: Option<Instant>) {
        if self.at == at {
            return;
        }
        self.at = at;
        match (at, &mut self.sleep) {
            (Some(at), Some(sleep)) => sleep.as_mut().reset(at),
            (Some(at), none) => *none = Some(Box::pin(sleep_until(at))),
            (None, sleep) => *sleep = None,
        }
    }
}

/// What a room of this server does its work on: outboxes, the log, the thread's clock.
struct Host<'a> {
    log: RoomLog<'a>,
    inbox: &'a Arc<Inbox>,
    born: Instant,
    max_clients: usize,
    /// Clients whose outbox was full. They are treated as left.
    slow: Vec<ClientId>,
    metrics: &'a ServiceMetrics,
    traffic: Arc<Traffic>,
    /// How often the room was refused memory, as far as that is counted.
    refused_growths: u64,
    /// The time, where it was looked at just now.
    clock: Option<Instant>,
    /// When the last callback began.
    called: Instant,
}

impl Host<'_> {
    /// Counts a message on its way in.
    fn receive(&self, bytes: usize) {
        self.traffic.received_messages.add(1);
        self.traffic.received_bytes.add(bytes as u64);
    }

    /// Tells others of the room, as it is `now`.
    fn publish<S: JamsocketService>(&mut self, room: &Room<S, Arc<Outbox>>, now: Instant) {
        let usage = room.usage();
        self.inbox.status.publish(room.clients(), usage.memory_bytes, now);
        let refused = usage.refused_growths.saturating_sub(self.refused_growths);
        if refused > 0 {
            self.traffic.refused_growths.add(refused);
            self.refused_growths = usage.refused_growths;
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
            self.traffic.callback(callback).add(now.duration_since(self.called));
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
