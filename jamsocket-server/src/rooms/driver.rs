//! Drives a room: a task that owns its room and feeds it one event at a time. It runs on the worker thread that built the room, and shares it with other rooms.

use super::{
    Code, Event, Inbox, Membership, RoomId, Rooms,
    build::build,
    code::SwapOrder,
    inbox::{Next, Refused},
    room_host::Host,
    room_log::with_causes,
    room_task::Handed,
};
use crate::{ServiceActorContext, clients::Outbox};
use jamsocket::{
    BuildError, JamsocketServiceFactory,
    host::{Input, Room, ServiceShutdownPolicy},
};
use std::{future::poll_fn, pin::Pin, sync::Arc, task::Poll, time::Duration};
use tokio::{
    task::yield_now,
    time::{Instant, Sleep, sleep_until},
};

/// For how long a room handles events before it lets others of its thread have their turn.
pub(super) const TURN: Duration = Duration::from_millis(1);

/// A room with all that it runs on.
pub(super) struct Driver<'a, F: JamsocketServiceFactory<ServiceActorContext>> {
    rooms: &'a Rooms,
    id: &'a RoomId,
    inbox: &'a Arc<Inbox>,
    code: &'a Code<F>,
    room: Room<F::Service, Arc<Outbox>>,
    host: Host<'a>,
}

impl<'a, F: JamsocketServiceFactory<ServiceActorContext>> Driver<'a, F> {
    /// A room of a service that was built just now, of this version of the code.
    pub(super) fn new(
        rooms: &'a Rooms,
        id: &'a RoomId,
        inbox: &'a Arc<Inbox>,
        code: &'a Code<F>,
        version: u64,
        (service, context): (F::Service, ServiceActorContext),
    ) -> Self {
        let room = Room::new(service, context, rooms.settings.shutdown_policy);
        Self { rooms, id, inbox, code, room, host: Host::new(rooms, id, inbox, version) }
    }

    /// Runs the room from its first moment to its end.
    ///
    /// Who asked for the room while it was built comes in before its clocks start. Where it was built
    /// for such a client or call alone and that has gone, `ends_unjoined` says that nobody else expects it.
    pub(super) async fn drive(&mut self, handed: &Handed, ends_unjoined: bool) {
        let mut alarm = Alarm::default();
        self.host.started();
        for _ in 0..self.inbox.len() {
            if self.room.end().is_some() {
                break;
            }
            let woken = wait(self.inbox, handed, &mut alarm).await;
            if let Some(Next::Event(event)) = woken.next {
                self.handle(event).await;
            }
        }
        // Takes what the service has sent and asked for while it was built.
        self.room.handle(Input::Wake, &mut self.host).await;
        let is_immediate = self.room.policy() == ServiceShutdownPolicy::Immediate;
        if ends_unjoined && self.room.is_empty() && is_immediate {
            self.room.handle(Input::Stop, &mut self.host).await;
        }
        let mut turn = Instant::now();
        self.host.publish(&self.room, turn);
        while self.room.end().is_none() {
            alarm.set(self.room.deadline().map(|deadline| self.host.born + deadline));
            let woken = wait(self.inbox, handed, &mut alarm).await;
            if let Some(at) = woken.at {
                turn = at;
                self.host.clock = Some(turn);
            }
            let is_event = matches!(woken.next, Some(Next::Event(_)));
            // The alarm counts however many events wait: a flood must not stop a room's timer.
            if !is_event || alarm.is_due(turn) {
                self.room.handle(Input::Wake, &mut self.host).await;
            }
            if let Some(Next::Event(event)) = woken.next {
                self.handle(event).await;
            }
            while let Some(client) = self.host.slow.pop() {
                self.room.handle(Input::Leave(client), &mut self.host).await;
            }
            let now = self.host.clock.take().unwrap_or_else(Instant::now);
            self.host.publish(&self.room, now);
            if now.duration_since(turn) >= TURN {
                // Tokio's own yield has the runtime look at its sockets first.
                yield_now().await;
                turn = Instant::now();
            }
        }
        if let Some(end) = self.room.end() {
            self.host.ended(end);
        }
    }

    /// Gives an event to the room. One that is over drops it, and who wanted to join looks for another.
    async fn handle(&mut self, event: Event) {
        let Self { room, host, .. } = self;
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
                let membership = Membership::new(self.inbox.clone(), client);
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
            Event::Call(pending) => {
                if let Some(call) = pending.take() {
                    room.handle(Input::Call(call), host).await;
                }
            }
            // On their own, as they are rare: they would make each room's task larger.
            Event::Swap(order) => Box::pin(self.swap(*order)).await,
            Event::Restore { failed, before } => Box::pin(self.restore(failed, before)).await,
            Event::Stop => room.handle(Input::Stop, host).await,
        }
    }

    /// Goes over to the code that came with an order, unless there is other code by now. It is on trial,
    /// and the one before is not any more.
    async fn swap(&mut self, order: SwapOrder) {
        self.room.handle(Input::Trust, &mut self.host).await;
        self.host.trust();
        let (version, factory) = self.code.current();
        if order.version != version || self.host.version == version {
            return;
        }
        match build(&*factory, self.rooms, self.id, self.inbox).await {
            Ok((service, context)) => {
                self.host.swapped(version, Some(order.trial()));
                let input = Input::Swap(Box::new(service), context);
                self.room.handle(input, &mut self.host).await;
                if self.host.version == version {
                    order.gone_over();
                }
            }
            // Later there may be a place for it, and the room goes on.
            Err(BuildError::AtCapacity(_)) => {}
            Err(error) => order.trial().fail(self.id, with_causes(&error)),
        }
    }

    /// Goes back from the code of a version that has failed, in this room or in another, to the one
    /// before.
    async fn restore(&mut self, failed: u64, before: u64) {
        if self.host.version == failed && self.room.on_trial() {
            self.host.restored();
            self.room.handle(Input::Restore, &mut self.host).await;
        }
        let (version, factory) = self.code.current();
        // Something newer comes with an order of its own, on trial.
        if version != before || self.host.version == version {
            return;
        }
        // It was through with its trial, or has missed a version.
        let built = build(&*factory, self.rooms, self.id, self.inbox).await;
        if let Ok((service, context)) = built {
            self.host.swapped(version, None);
            let input = Input::Replace(Box::new(service), context);
            self.room.handle(input, &mut self.host).await;
        }
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
