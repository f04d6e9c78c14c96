use self::swap::Swap;
use super::{
    Callback, Departure, Input, RoomContext, RoomEnd, RoomHost, ServiceShutdownPolicy,
    callback::contain_panics, context::Batch, roster::Roster,
};
use crate::{ClientId, JamsocketService, RoomCall, RoomCallError, ServiceError, ServiceUsage};
use std::{
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

/// A room: one instance of a service, with its clients, its timer and its end.
///
/// # Life
///
/// A room runs from [`new`](Self::new) on. While nobody is in, its [`ServiceShutdownPolicy`]'s clock
/// runs, and a join stops it; so does a call, until it is over. It ends when that clock has run out,
/// when the host stops it, or when a callback fails; [`end`](Self::end) then says how. A room that is
/// over ignores every input but a join, which it gives back as [`Departure::Missed`], and a call, which
/// it refuses.
///
/// # Rules
///
/// - One input is handled at a time: drive [`handle`](Self::handle) to its end before the next. A
///   room whose `handle` was dropped midway has failed.
/// - Every `connect` is followed by exactly one `disconnect` of that client, unless the service fails.
/// - What a callback sends is delivered when it returns, to those who are in the room then: a
///   broadcast from `connect` includes the client that joins, one from `disconnect` not the one that
///   left. A callback that fails delivers nothing, but its log lines.
/// - A message from a client that is not in the room is ignored.
/// - A service that wants to be resumed is, before the next input is handled.
/// - There is one timer. It never fires early, and not at all once the room is over.
/// - A service that is put in the place of another meets the clients as if they joined one after
///   another, under the ids that they have. The other one is not called any more and its timer
///   stands still, until it is dropped after the new one's trial: three callbacks, and the `connect`s
///   of all who were in. Where the new one fails on trial, or is taken back, the other goes on as if
///   it had run all the time: with its state and its timer, with a `disconnect` for each client that
///   has left since and a `connect` for each that has joined.
#[derive(Debug)]
pub struct Room<S, P> {
    /// Gone once the room is over.
    service: Option<S>,
    /// What the service said last.
    usage: ServiceUsage,
    context: RoomContext,
    roster: Roster<P>,
    policy: ServiceShutdownPolicy,
    /// Since when it is empty.
    empty_since: Option<Duration>,
    timer: Option<Duration>,
    /// The callback that is running, or that was running when the host dropped it.
    running: Option<Callback>,
    swap: Swap<S, P>,
    end: Option<RoomEnd>,
    /// Empty; kept for its buffers.
    batch: Batch,
}

impl<S: JamsocketService, P> Room<S, P> {
    /// A room of `service`, created now.
    ///
    /// `context` is the one that the service was built with; what it has sent so far reaches nobody,
    /// as nobody is in, but its timer and its log lines count. Give the room an [`Input::Wake`] to
    /// take them.
    pub fn new(service: S, context: RoomContext, policy: ServiceShutdownPolicy) -> Self {
        Self {
            usage: service.usage(),
            service: Some(service),
            context,
            roster: Roster::new(),
            policy,
            empty_since: Some(Duration::ZERO),
            timer: None,
            running: None,
            swap: Swap::default(),
            end: None,
            batch: Batch::default(),
        }
    }

    /// Gives away the id for a client that is about to join.
    ///
    /// Returns `None` when all 2³¹ - 1 ids of the room are spent.
    pub fn next_client(&mut self) -> Option<ClientId> {
        self.roster.next_id()
    }

    /// How long the room lives while it is empty.
    pub fn policy(&self) -> ServiceShutdownPolicy {
        self.policy
    }

    /// How many clients are in.
    pub fn clients(&self) -> usize {
        self.roster.len() + self.swap.waiting()
    }

    /// Whether nobody is in, and no call to the room is open.
    pub fn is_empty(&self) -> bool {
        self.clients() == 0 && self.usage.open_calls == 0
    }

    /// The room's service, until the room is over.
    pub fn service(&self) -> Option<&S> {
        self.service.as_ref()
    }

    /// What the room's service uses, as it said after its last callback. It has no memory any more
    /// once the room is over.
    pub fn usage(&self) -> ServiceUsage {
        self.usage
    }

    /// How the room ended, if it has.
    pub fn end(&self) -> Option<&RoomEnd> {
        self.end.as_ref()
    }

    /// When the room next wants an [`Input::Wake`], if at all. It changes only in `handle`.
    pub fn deadline(&self) -> Option<Duration> {
        if self.end.is_some() {
            return None;
        }
        let idle = self.empty_since.and_then(|since| self.policy.deadline(since));
        self.timer.into_iter().chain(idle).min()
    }

    /// Lets one thing happen to the room. All that the room does in consequence has reached `host`
    /// when this returns.
    pub async fn handle(&mut self, input: Input<'_, S, P>, host: &mut impl RoomHost<P>) {
        if let Some(callback) = self.running.take() {
            self.fail(callback, ServiceError::Abandoned, host);
        }
        if self.context.was_sent() {
            self.flush(Callback::Outside, host);
        }
        self.settle(host).await;
        if self.context.take_resume() {
            self.call(Callback::Resume, "", &[], host).await;
        }
        match input {
            Input::Join(client, member) => self.join(client, member, host).await,
            Input::Leave(client) => {
                if self.remove(client, Departure::Left, host) {
                    self.call(Callback::Disconnect(client), "", &[], host).await;
                }
            }
            Input::Text(client, text) if self.roster.contains(client) => {
                self.call(Callback::Message(client), text, &[], host).await;
            }
            Input::Binary(client, bytes) if self.roster.contains(client) => {
                self.call(Callback::Binary(client), "", bytes, host).await;
            }
            Input::Text(..) | Input::Binary(..) => {}
            Input::Call(call) => self.take_call(call, host).await,
            Input::Wake => self.wake(host).await,
            Input::Swap(service, context) => {
                Box::pin(self.swap(service, context, host)).await;
                self.settle(host).await;
            }
            Input::Replace(service, context) => {
                Box::pin(self.replace(service, context, host)).await;
            }
            Input::Trust => self.swap.end_trial(),
            Input::Restore => {
                self.restore();
                self.settle(host).await;
            }
            Input::Stop => self.stop(host).await,
        }
        self.note_if_empty(host);
    }

    async fn join(&mut self, client: ClientId, member: P, host: &mut impl RoomHost<P>) {
        if self.end.is_some() {
            return host.depart(client, member, Departure::Missed);
        }
        match self.roster.insert(client, member) {
            Ok(()) => {
                self.empty_since = None;
                self.call(Callback::Connect(client), "", &[], host).await;
            }
            Err(member) => host.depart(client, member, Departure::Missed),
        }
    }

    async fn wake(&mut self, host: &mut impl RoomHost<P>) {
        if self.timer.is_some_and(|due| due <= host.now()) {
            self.timer = None;
            self.call(Callback::Timer, "", &[], host).await;
        }
        let idle = self.empty_since.and_then(|since| self.policy.deadline(since));
        if idle.is_some_and(|due| due <= host.now()) {
            self.finish(RoomEnd::Idle);
        }
    }

    async fn stop(&mut self, host: &mut impl RoomHost<P>) {
        while let Some(client) = self.roster.first() {
            self.remove(client, Departure::Stopped, host);
            self.call(Callback::Disconnect(client), "", &[], host).await;
        }
        self.finish(RoomEnd::Stopped);
    }

    /// Takes a client out of the roster. Returns whether it was in.
    fn remove(&mut self, client: ClientId, why: Departure, host: &mut impl RoomHost<P>) -> bool {
        let Some(member) = self.roster.remove(client) else {
            return false;
        };
        host.depart(client, member, why);
        true
    }

    async fn take_call(&mut self, call: Box<dyn RoomCall>, host: &mut impl RoomHost<P>) {
        let Some(service) = &mut self.service else {
            return call.refuse(RoomCallError::Ended);
        };
        let taken = contain_panics(async {
            service.take_call(call);
            Ok(service.usage())
        });
        match taken.await {
            Ok(usage) => self.usage = usage,
            Err(error) => self.fail(Callback::Call, error, host),
        }
    }

    /// Notes whether the room is empty, and since when.
    fn note_if_empty(&mut self, host: &mut impl RoomHost<P>) {
        if self.end.is_some() {
            return;
        }
        if !self.is_empty() {
            self.empty_since = None;
        } else if self.empty_since.is_none() {
            match self.policy {
                ServiceShutdownPolicy::Immediate => self.finish(RoomEnd::Idle),
                _ => self.empty_since = Some(host.now()),
            }
        }
    }

    /// Runs one callback and delivers what it sent, or else ends the room, or has it go on with the
    /// service that it had before.
    async fn call(
        &mut self,
        callback: Callback,
        text: &str,
        bytes: &[u8],
        host: &mut impl RoomHost<P>,
    ) {
        self.call_once(callback, text, bytes, host).await;
        self.settle(host).await;
    }

    async fn call_once(
        &mut self,
        callback: Callback,
        text: &str,
        bytes: &[u8],
        host: &mut impl RoomHost<P>,
    ) {
        let Some(service) = &mut self.service else {
            return;
        };
        // What the service does by itself proves little of it.
        let is_asked = callback != Callback::Resume || self.usage.open_calls > 0;
        self.running = Some(callback);
        self.context.begin_callback();
        host.begin_call(callback);
        let usage = &mut self.usage;
        let result = contain_panics(async {
            let result = match callback {
                Callback::Connect(client) => service.connect(client).await,
                Callback::Disconnect(client) => service.disconnect(client).await,
                Callback::Message(client) => service.message(client, text).await,
                Callback::Binary(client) => service.binary(client, bytes).await,
                Callback::Timer => service.timer().await,
                Callback::Resume => service.resume().await,
                Callback::Call | Callback::Outside => Ok(()),
            };
            *usage = service.usage();
            result
        })
        .await;
        host.end_call(callback);
        self.running = None;
        match result {
            Ok(()) => {
                if self.flush(callback, host) && is_asked {
                    self.swap.count_callback();
                }
            }
            Err(error) => self.fail(callback, error, host),
        }
    }

    /// Delivers what the service has sent since the last time. Returns whether it may have sent so much.
    fn flush(&mut self, callback: Callback, host: &mut impl RoomHost<P>) -> bool {
        let batch = &mut self.batch;
        self.context.take(batch);
        batch.write_log(host);
        match batch.timer.take() {
            None => {}
            Some(0) => self.timer = None,
            Some(ms) => self.timer = Some(host.now() + Duration::from_millis(ms.into())),
        }
        for (recipient, message) in batch.messages.drain(..) {
            host.deliver(message, self.roster.recipients(recipient));
        }
        batch.trim();
        let Some(error) = batch.exceeded.take() else {
            return true;
        };
        self.fail(callback, error, host);
        false
    }

    /// Ends the room, unless it can go on with the service that it had before.
    fn fail(&mut self, callback: Callback, error: ServiceError, host: &mut impl RoomHost<P>) {
        self.context.take(&mut self.batch);
        self.batch.write_log(host);
        // What else it has sent goes nowhere.
        self.batch = Batch::default();
        if self.on_trial() {
            self.restore();
            return host.roll_back(callback, error);
        }
        let members = self.roster.take_all().into_iter();
        for (client, member) in members.chain(self.swap.take_waiting()) {
            host.depart(client, member, Departure::Failed);
        }
        self.finish(RoomEnd::Failed { callback, error });
    }

    /// Ends the room, unless it has ended already.
    fn finish(&mut self, end: RoomEnd) {
        self.end.get_or_insert(end);
        self.context.close();
        self.timer = None;
        self.batch = Batch::default();
        (self.usage.memory_bytes, self.usage.open_calls) = (0, 0);
        discard(self.service.take());
        self.swap.end_trial();
    }
}

/// Drops a service. One whose destructor panics is over all the same.
fn discard<S>(service: Option<S>) {
    let _ = catch_unwind(AssertUnwindSafe(|| drop(service)));
}

impl Batch {
    fn write_log<P>(&mut self, host: &mut impl RoomHost<P>) {
        for (level, line) in self.logs.drain(..) {
            host.log(level, &line);
        }
        if let lines @ 1.. = mem::take(&mut self.dropped_logs) {
            host.drop_logs(lines);
        }
    }
}

#[cfg(test)]
mod model;
mod swap;
#[cfg(test)]
mod tests;
