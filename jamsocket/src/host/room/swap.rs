//! A room that is given another service while its clients stay.

use super::*;
use std::collections::VecDeque;

/// How many callbacks a service has to come through before the one before it is dropped.
const TRIAL_CALLBACKS: u32 = 3;

/// What a room keeps while the service that it was given last is new.
#[derive(Debug)]
pub(super) struct Swap<S, P> {
    trial: Option<Box<Trial<S>>>,
    /// Clients that have not met the service that runs, ascending: later than all in the roster.
    waiting: VecDeque<(ClientId, P)>,
    /// The clients that the service which runs has met, where it was put back, until it has met the
    /// others.
    put_back: Option<Vec<ClientId>>,
}

/// What a room goes on with where its new service fails.
#[derive(Debug)]
struct Trial<S> {
    service: S,
    context: RoomContext,
    usage: ServiceUsage,
    timer: Option<Duration>,
    /// The clients that it has met, ascending.
    met: Vec<ClientId>,
    /// How many callbacks the new service has still to come through.
    callbacks_left: u32,
}

impl<S> Trial<S> {
    /// Drops the service that is not gone back to.
    fn end(self) {
        self.context.close();
        discard(Some(self.service));
    }
}

impl<S, P> Default for Swap<S, P> {
    fn default() -> Self {
        Self { trial: None, waiting: VecDeque::new(), put_back: None }
    }
}

impl<S, P> Swap<S, P> {
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn take_waiting(&mut self) -> VecDeque<(ClientId, P)> {
        std::mem::take(&mut self.waiting)
    }

    /// Notes that the service that runs has come through a callback.
    pub(super) fn count_callback(&mut self) {
        let Some(trial) = &mut self.trial else { return };
        trial.callbacks_left = trial.callbacks_left.saturating_sub(1);
        if trial.callbacks_left == 0 && self.waiting.is_empty() {
            self.end_trial();
        }
    }

    /// Drops the service before, if there is one.
    pub(super) fn end_trial(&mut self) {
        if let Some(trial) = self.trial.take() {
            trial.end();
        }
    }
}

impl<S: JamsocketService, P> Room<S, P> {
    /// Whether the service that runs is new, so that the room would go on with the one before it if
    /// this one failed.
    pub fn on_trial(&self) -> bool {
        self.swap.trial.is_some()
    }

    /// Puts `service` in the place of the one that runs, on trial, and has it meet the clients.
    pub(super) async fn swap(
        &mut self,
        service: Box<S>,
        context: RoomContext,
        host: &mut impl RoomHost<P>,
    ) {
        self.swap.end_trial();
        let Some(before) = self.put(*service, context) else { return };
        // What it still sends, from other threads, is kept and wakes nobody.
        before.context.begin_callback();
        self.swap.trial = Some(Box::new(before));
        self.meet_all(host).await;
    }

    /// Puts `service` in the place of the one that runs for good, and has it meet the clients.
    pub(super) async fn replace(
        &mut self,
        service: Box<S>,
        context: RoomContext,
        host: &mut impl RoomHost<P>,
    ) {
        self.swap.end_trial();
        let Some(before) = self.put(*service, context) else { return };
        before.end();
        self.meet_all(host).await;
    }

    /// Puts `service` in the place of the one that runs, which is given back with all that it had.
    fn put(&mut self, service: S, context: RoomContext) -> Option<Trial<S>> {
        let usage = service.usage();
        let Some(mut before) = self.service.replace(service) else {
            // The room is over.
            context.close();
            discard(self.service.take());
            return None;
        };
        // One that panics has nothing to say in this any more.
        let _ = catch_unwind(AssertUnwindSafe(|| before.end_open_calls()));
        Some(Trial {
            service: before,
            context: mem::replace(&mut self.context, context),
            usage: mem::replace(&mut self.usage, usage),
            timer: self.timer.take(),
            met: self.roster.ids().collect(),
            callbacks_left: TRIAL_CALLBACKS,
        })
    }

    /// Has a service that is new meet everybody, as if they joined one after another.
    async fn meet_all(&mut self, host: &mut impl RoomHost<P>) {
        self.swap.waiting = self.roster.take_after(None).into();
        // What it has sent while it was built reaches nobody: nobody is in.
        if self.flush(Callback::Outside, host) {
            self.meet_waiting(host).await;
        }
    }

    /// Puts the service before back in its place, where the one that runs is on trial. It has to
    /// [settle](Self::settle) then.
    pub(super) fn restore(&mut self) {
        let Some(trial) = self.swap.trial.take() else { return };
        let Trial { service, context, usage, timer, met, .. } = *trial;
        self.context.close();
        discard(self.service.replace(service));
        (self.context, self.usage, self.timer) = (context, usage, timer);
        self.swap.put_back = Some(met);
    }

    /// Tells a service that was put back, if one was, who has left and who has come since.
    pub(super) async fn settle(&mut self, host: &mut impl RoomHost<P>) {
        if let Some(met) = self.swap.put_back.take() {
            // On its own, as it is rare: it would make each room's task larger.
            Box::pin(self.tell(met, host)).await;
        }
    }

    /// Tells the service that runs, which has met the clients `met`, of those who are not among them.
    async fn tell(&mut self, met: Vec<ClientId>, host: &mut impl RoomHost<P>) {
        for (client, member) in self.swap.take_waiting() {
            self.admit(client, member, host);
        }
        self.swap.waiting = self.roster.take_after(met.last().copied()).into();
        self.flush(Callback::Outside, host);
        for client in met {
            if !self.roster.contains(client) {
                self.call_once(Callback::Disconnect(client), "", &[], host).await;
            }
        }
        self.meet_waiting(host).await;
        // It may have asked for that while it was not the one to be called.
        if self.swap.put_back.is_none() && self.context.take_resume() {
            self.call_once(Callback::Resume, "", &[], host).await;
        }
    }

    /// Has the service that runs meet those whom it has not met.
    async fn meet_waiting(&mut self, host: &mut impl RoomHost<P>) {
        while self.swap.put_back.is_none()
            && let Some((client, member)) = self.swap.waiting.pop_front()
        {
            self.admit(client, member, host);
            self.call_once(Callback::Connect(client), "", &[], host).await;
        }
    }

    /// Takes a client that was in the roster into it again.
    fn admit(&mut self, client: ClientId, member: P, host: &mut impl RoomHost<P>) {
        if let Err(member) = self.roster.insert(client, member) {
            host.depart(client, member, Departure::Missed);
        }
    }
}
