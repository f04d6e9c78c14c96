use super::{CloseReason, Keeper, Outbox, frame, frames::Incoming, keeper::Watch};
use crate::{metrics::ServiceMetrics, rate::MessageRate, rooms::Seat};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::Instant;

/// How long a peer that broke the protocol is still read, so that it can read why it is closed.
const LINGER: Duration = Duration::from_millis(200);

/// What is waited for, and how long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// How often a client is asked for a sign of life. Zero: never.
    pub(super) heartbeat_interval: Duration,
    /// For how long it may give none. Zero: for ever.
    pub(super) heartbeat_timeout: Duration,
    /// How long the peer has to answer a Close of ours.
    pub(super) close_time: Duration,
}

/// One client's WebSocket, as the parts of it that share a worker thread see it.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) outbox: Arc<Outbox>,
    /// None once the client has left, or where its room could not be started.
    seat: RefCell<Option<Seat>>,
    rate: MessageRate,
    patience: Patience,
    metrics: Arc<ServiceMetrics>,
    last_seen: Cell<Instant>,
    /// The time, where it was looked at just now.
    clock: Cell<Option<Instant>>,
    next_ping: Cell<Option<Instant>>,
    /// Whether the client's room takes no more messages now, so that the client is not read.
    paused: Cell<bool>,
    pub(super) watch: Watch,
    /// Set once a Close is under way: when the peer's answer is waited for no longer.
    close_deadline: Cell<Option<Instant>>,
}

impl Connection {
    pub(super) fn new(
        outbox: Arc<Outbox>,
        seat: Option<Seat>,
        rate: MessageRate,
        patience: Patience,
        metrics: &Arc<ServiceMetrics>,
    ) -> Rc<Self> {
        let now = Instant::now();
        let next_ping =
            (!patience.heartbeat_interval.is_zero()).then(|| now + patience.heartbeat_interval);
        Rc::new(Self {
            outbox,
            seat: RefCell::new(seat),
            rate,
            patience,
            metrics: metrics.clone(),
            last_seen: Cell::new(now),
            clock: Cell::default(),
            next_ping: Cell::new(next_ping),
            paused: Cell::new(false),
            watch: Watch::default(),
            close_deadline: Cell::new(None),
        })
    }

    /// The client has given a sign of life: something has come from it, whole messages or not.
    pub(super) fn heard(&self) {
        let now = Instant::now();
        self.last_seen.set(now);
        self.clock.set(Some(now));
    }

    /// Begins to read what has come: the time that was looked at before says nothing about it.
    pub(super) fn begin_reading(&self) {
        self.clock.set(None);
    }

    /// Handles what the client has sent. Once it is being closed, its own Close alone counts.
    pub(super) fn receive(self: &Rc<Self>, incoming: Incoming) {
        if self.close_deadline.get().is_some() && !matches!(incoming, Incoming::Close(_)) {
            return;
        }
        let counts = !matches!(incoming, Incoming::Pong | Incoming::Close(_));
        if counts && self.rate.exceeded() {
            return self.fail(CloseReason::TOO_MANY_MESSAGES);
        }
        let now = || self.clock.take().unwrap_or_else(Instant::now);
        match incoming {
            Incoming::Text(text) => self.with_seat(|seat| seat.send_text(text, now())),
            Incoming::Binary(bytes) => self.with_seat(|seat| seat.send_binary(bytes, now())),
            Incoming::Ping(payload) => self.outbox.push_pong(frame::pong(&payload)),
            Incoming::Pong => {}
            Incoming::Close(code) => {
                self.leave();
                self.outbox.answer_close(code);
            }
        }
    }

    /// Closes the WebSocket of a peer that broke a rule.
    pub(super) fn fail(self: &Rc<Self>, reason: CloseReason) {
        tracing::debug!(code = reason.code, reason = reason.text(), "client closed");
        self.leave();
        self.outbox.close(reason);
        self.expect_close_within(LINGER);
    }

    /// The socket is no more, or of no more use.
    pub(super) fn end(&self) {
        self.leave();
        self.outbox.finish();
    }

    /// Whether the room takes another message of this client.
    pub(super) fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<()> {
        let ready = match &*self.seat.borrow() {
            Some(seat) => seat.poll_ready(cx),
            None => Poll::Ready(()),
        };
        let was_paused = self.paused.replace(ready.is_pending());
        if !was_paused && ready.is_pending() {
            self.metrics.paused_clients.count();
        }
        if was_paused && ready.is_ready() {
            // While it was not read it could not be heard.
            self.heard();
        }
        ready
    }

    /// Notes that the client has sent nothing more for now.
    pub(super) fn pause(&self) {
        self.with_seat(Seat::pause);
    }

    /// Sees to it that a Close under way comes to an end.
    pub(super) fn expect_close(self: &Rc<Self>) {
        if self.close_deadline.get().is_none() {
            self.expect_close_within(self.patience.close_time);
        }
    }

    /// Does what is due, and says when to look again; `None` when there is nothing left to watch.
    ///
    /// `late` is how much later than asked this is called: for so long the server itself stood still,
    /// and a client's silence says nothing.
    pub(super) fn check(&self, now: Instant, late: Duration) -> Option<Instant> {
        self.last_seen.set(now.min(self.last_seen.get() + late));
        if let Some(deadline) = self.close_deadline.get() {
            if now < deadline {
                return Some(deadline);
            }
            self.metrics.close_timeouts.count();
            self.end();
            return None;
        }
        if self.outbox.is_closing() {
            let deadline = now + self.patience.close_time;
            self.close_deadline.set(Some(deadline));
            return Some(deadline);
        }
        if self.paused.get() {
            // It is we who do not read: its silence says nothing.
            self.last_seen.set(now);
        }
        let timeout = self.patience.heartbeat_timeout;
        let lost = (!timeout.is_zero()).then(|| self.last_seen.get() + timeout);
        if lost.is_some_and(|lost| lost <= now) {
            self.leave();
            self.outbox.abandon(CloseReason::SILENT);
            self.end();
            return None;
        }
        if self.next_ping.get().is_some_and(|due| due <= now) {
            // A full outbox is the room's affair; a ping more would not help.
            let _ = self.outbox.push(frame::ping());
            self.next_ping.set(Some(now + self.patience.heartbeat_interval));
        }
        self.next_ping.get().into_iter().chain(lost).min()
    }

    fn expect_close_within(self: &Rc<Self>, limit: Duration) {
        let deadline = Instant::now() + limit;
        self.close_deadline.set(Some(deadline));
        Keeper::watch(self, deadline);
    }

    fn leave(&self) {
        let seat = self.seat.take();
        drop(seat);
    }

    fn with_seat(&self, act: impl FnOnce(&Seat)) {
        if let Some(seat) = &*self.seat.borrow() {
            act(seat);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;

    const TIMEOUT: Duration = Duration::from_secs(10);

    impl Connection {
        /// One that sends no pings, and may be silent for ten seconds.
        pub(in crate::clients) fn for_test() -> Rc<Self> {
            Self::within(Limits::default())
        }

        fn within(limits: Limits) -> Rc<Self> {
            let patience = Patience {
                heartbeat_interval: Duration::ZERO,
                heartbeat_timeout: TIMEOUT,
                close_time: limits.close_time,
            };
            let outbox = Arc::new(Outbox::new(&limits, &Arc::default()));
            Self::new(outbox, None, MessageRate::new(&limits), patience, &Arc::default())
        }
    }

    #[test]
    fn a_client_may_be_silent_for_so_long() {
        let connection = Connection::for_test();
        let begun = connection.last_seen.get();
        let just_in_time = begun + TIMEOUT - Duration::from_millis(1);
        assert_eq!(connection.check(just_in_time, Duration::ZERO), Some(begun + TIMEOUT));
        assert_eq!(connection.check(begun + TIMEOUT, Duration::ZERO), None);
    }

    #[test]
    fn the_time_in_which_the_server_stood_still_is_not_the_clients_silence() {
        let connection = Connection::for_test();
        let begun = connection.last_seen.get();
        let hour = Duration::from_secs(3600);
        let awake = begun + Duration::from_secs(1) + hour;
        assert_eq!(connection.check(awake, hour), Some(begun + TIMEOUT + hour));
    }

    #[test]
    fn a_client_that_was_heard_after_a_standstill_has_no_more_time_than_others() {
        let connection = Connection::for_test();
        let now = connection.last_seen.get();
        assert_eq!(connection.check(now, Duration::from_secs(3600)), Some(now + TIMEOUT));
    }

    #[actix_web::test]
    async fn a_client_that_is_closed_and_sends_on_has_no_more_time_for_it() {
        let limits = Limits { rate_messages: 1, rate_burst: 1, ..Limits::default() };
        let connection = Connection::within(limits);
        let send = || connection.receive(Incoming::Text("x".into()));
        send();
        assert_eq!(connection.close_deadline.get(), None);
        send();
        let deadline = connection.close_deadline.get();
        assert!(deadline.is_some());
        send();
        assert_eq!(connection.close_deadline.get(), deadline);
    }
}
