//! Drives a room: an actor in the plain sense, a task that owns its room and feeds it one event at a
//! time. It runs on the worker thread that built the room, and shares it with other rooms.

use super::{Event, Inbox, Membership, RoomId, Rooms, inbox::Next, room_log::RoomLog};
use crate::{
    ServiceActorContext,
    clients::{CloseReason, Outbox, frame},
};
use jamsocket::{
    ClientId, JamsocketService, LogLevel,
    host::{Departure, Input, Message, Room, RoomHost},
};
use std::{future::poll_fn, pin::Pin, sync::Arc, task::Poll, time::Duration};
use tokio::{
    task::coop,
    time::{Instant, Sleep, sleep_until},
};

/// Runs a room from its first moment to its end.
pub(super) async fn drive<S: JamsocketService>(
    rooms: &Rooms,
    id: &RoomId,
    inbox: &Arc<Inbox>,
    context: ServiceActorContext,
    service: S,
    born: Instant,
) {
    let mut room = Room::new(service, context, rooms.settings.shutdown_policy);
    let mut host = Host {
        log: RoomLog::new(rooms, id),
        inbox,
        born,
        max_clients: rooms.settings.limits.max_clients as usize,
        slow: Vec::new(),
    };
    let mut alarm = Alarm::default();
    host.log.started();
    room.handle(Input::Wake, &mut host).await;
    while room.end().is_none() {
        alarm.set(room.deadline().map(|deadline| born + deadline));
        match next(inbox, &mut alarm).await {
            None | Some(Next::Sent) => room.handle(Input::Wake, &mut host).await,
            Some(Next::Event(event)) => handle(&mut room, event, &mut host).await,
        }
        while let Some(client) = host.slow.pop() {
            room.handle(Input::Leave(client), &mut host).await;
        }
        coop::consume_budget().await;
    }
    if let Some(end) = room.end() {
        host.log.ended(end);
    }
}

async fn handle<S: JamsocketService>(
    room: &mut Room<S, Arc<Outbox>>,
    event: Event,
    host: &mut Host<'_>,
) {
    match event {
        Event::Join(outbox, joined) => {
            // Its ids may be spent, too, after two thousand million clients.
            let has_place = room.clients() < host.max_clients;
            let client = if has_place { room.next_client() } else { None };
            let membership = client.map(|client| Membership::new(host.inbox.clone(), client));
            // A client whose handshake was given up meanwhile has no use for its place.
            if joined.send(membership).is_ok()
                && let Some(client) = client
            {
                room.handle(Input::Join(client, outbox), host).await;
            }
        }
        Event::Leave(client) => room.handle(Input::Leave(client), host).await,
        Event::Text(client, text) => room.handle(Input::Text(client, &text), host).await,
        Event::Binary(client, bytes) => room.handle(Input::Binary(client, &bytes), host).await,
        Event::Stop => room.handle(Input::Stop, host).await,
    }
}

/// The next event, or `None` when the alarm goes off first.
async fn next(inbox: &Inbox, alarm: &mut Alarm) -> Option<Next> {
    poll_fn(|cx| {
        if let Poll::Ready(next) = inbox.poll_next(cx) {
            return Poll::Ready(Some(next));
        }
        match &mut alarm.sleep {
            Some(sleep) => sleep.as_mut().poll(cx).map(|()| None),
            None => Poll::Pending,
        }
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
            return;
        }
        let frame = frame::encode(&message);
        for (client, outbox) in recipients {
            if outbox.push(frame.clone()).is_err() {
                self.log.slow_client(client);
                outbox.abandon(CloseReason::TOO_SLOW);
                self.slow.push(client);
            }
        }
    }

    fn log(&mut self, level: LogLevel, line: &str) {
        self.log.line(level, line);
    }

    fn depart(&mut self, _: ClientId, outbox: Arc<Outbox>, departure: Departure) {
        match departure {
            // A client that left closes its socket itself, or has none any more.
            Departure::Left | Departure::Missed => {}
            Departure::Stopped => outbox.close(CloseReason::STOPPING),
            Departure::Failed => outbox.close(CloseReason::ROOM_FAILED),
        }
    }
}
