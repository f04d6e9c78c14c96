use super::Message;
use crate::{JamsocketContext, LogLevel, MessageRecipient, ServiceError};
use std::{
    fmt, mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{
            AtomicBool,
            Ordering::{AcqRel, Acquire, Release},
        },
    },
    task::{Wake, Waker},
};

/// How much a service may send before its host takes it: in one callback, or between two wake-ups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendLimits {
    /// How many messages. One more ends the room.
    pub messages: usize,
    /// How many bytes of messages. One more ends the room.
    pub bytes: usize,
    /// How many bytes of log lines. Further lines are dropped.
    pub log_bytes: usize,
}

impl Default for SendLimits {
    /// 10,000 messages, 4 MiB, 64 KiB of log lines.
    fn default() -> Self {
        Self { messages: 10_000, bytes: 4 << 20, log_bytes: 64 << 10 }
    }
}

/// The context that a [`Room`](super::Room)'s service is given. Clones share one buffer, which the
/// room empties when a callback returns, and otherwise when it is woken.
#[derive(Clone)]
pub struct RoomContext {
    shared: Arc<Shared>,
}

impl RoomContext {
    /// A context for one room, with the default limits.
    ///
    /// `waker` is woken when something was sent outside a callback, and when the service wants to be
    /// resumed; the host then gives the room an
    /// [`Input::Wake`](super::Input::Wake).
    pub fn new(waker: Waker) -> Self {
        Self::with_limits(waker, SendLimits::default())
    }

    /// A context for one room whose service may send so much at once.
    pub fn with_limits(waker: Waker, limits: SendLimits) -> Self {
        Self {
            shared: Arc::new(Shared {
                // Building the service is its first callback.
                in_callback: AtomicBool::new(true),
                was_sent: AtomicBool::new(true),
                wants_to_resume: AtomicBool::new(false),
                outbound: Mutex::new(Outbound::new(waker, limits)),
            }),
        }
    }

    /// Ends the construction of the service, during which what it sends wakes nobody.
    ///
    /// # Errors
    ///
    /// It has sent more than it may, and is not to be used.
    pub fn end_construction(&self) -> Result<(), ServiceError> {
        let mut outbound = self.lock();
        self.shared.in_callback.store(false, Release);
        outbound.batch.exceeded.take().map_or(Ok(()), Err)
    }

    /// Takes the log lines of a service that could not be built, and so has no
    /// [`Room`](super::Room) to deliver them.
    pub fn take_log(&self) -> Vec<(LogLevel, String)> {
        mem::take(&mut self.lock().batch.logs)
    }

    /// Marks the begin of a callback: until it ends, sending wakes nobody.
    pub(super) fn begin_callback(&self) {
        self.shared.in_callback.store(true, Release);
    }

    /// Whether something may have been sent outside a callback, and not been taken yet.
    pub(super) fn was_sent(&self) -> bool {
        self.shared.was_sent.load(Acquire)
    }

    /// Whether the service is to be resumed. From here on it may ask for that anew.
    pub(super) fn take_resume(&self) -> bool {
        let wanted = &self.shared.wants_to_resume;
        wanted.load(Acquire) && wanted.swap(false, AcqRel)
    }

    /// Takes what was sent since the last time into `batch`, which is empty, and ends the callback
    /// if one was marked. The two buffers change places, so that neither is allocated anew.
    pub(super) fn take(&self, batch: &mut Batch) {
        let mut outbound = self.lock();
        self.shared.in_callback.store(false, Release);
        self.shared.was_sent.store(false, Release);
        outbound.bytes = 0;
        outbound.log_bytes = 0;
        mem::swap(&mut outbound.batch, batch);
    }

    /// From here on nothing is kept: the room is over.
    pub(super) fn close(&self) {
        let mut outbound = self.lock();
        outbound.closed = true;
        outbound.batch = Batch::default();
    }

    fn send(&self, recipient: MessageRecipient, bytes: usize, message: impl FnOnce() -> Message) {
        self.push(|outbound| {
            outbound.bytes += bytes;
            if let Some(bound) = outbound.exceeded() {
                outbound.batch.messages.clear();
                outbound.batch.exceeded = Some(ServiceError::SentTooMuch { bound });
            } else {
                outbound.batch.messages.push((recipient, message()));
            }
        });
    }

    fn push(&self, change: impl FnOnce(&mut Outbound)) {
        let mut outbound = self.lock();
        if outbound.closed || outbound.batch.exceeded.is_some() {
            return;
        }
        change(&mut outbound);
        if !self.shared.in_callback.load(Acquire) {
            self.shared.was_sent.store(true, Release);
            let waker = outbound.waker.clone();
            drop(outbound);
            waker.wake();
        }
    }

    /// A service that panicked on another thread must not take the room's host with it.
    fn lock(&self) -> MutexGuard<'_, Outbound> {
        self.shared.outbound.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl JamsocketContext for RoomContext {
    fn send_message(&self, recipient: impl Into<MessageRecipient>, message: &str) {
        self.send(recipient.into(), message.len(), || Message::text(message));
    }

    fn send_binary(&self, recipient: impl Into<MessageRecipient>, message: &[u8]) {
        self.send(recipient.into(), message.len(), || Message::binary(message));
    }

    fn set_timer(&self, ms_delay: u32) {
        self.push(|outbound| outbound.batch.timer = Some(ms_delay));
    }

    fn waker(&self) -> Waker {
        self.shared.clone().into()
    }

    fn log(&self, level: LogLevel, line: &str) {
        self.push(|outbound| {
            outbound.log_bytes += line.len().max(1);
            if outbound.log_bytes <= outbound.limits.log_bytes {
                outbound.batch.logs.push((level, line.to_owned()));
            } else {
                outbound.batch.dropped_logs += 1;
            }
        });
    }
}

impl fmt::Debug for RoomContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RoomContext").finish_non_exhaustive()
    }
}

/// What a service has sent and nobody has taken yet.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) messages: Vec<(MessageRecipient, Message)>,
    pub(super) logs: Vec<(LogLevel, String)>,
    /// How many log lines more there were than may be kept.
    pub(super) dropped_logs: u64,
    /// The last request of the timer, in milliseconds; 0 cancels.
    pub(super) timer: Option<u32>,
    /// Set when the service went beyond a bound. The room ends with it.
    pub(super) exceeded: Option<ServiceError>,
}

/// For how many messages and lines a room keeps its buffers from one callback to the next.
const KEPT: usize = 64;

impl Batch {
    /// Gives back what one large callback has made the buffers grow to.
    pub(super) fn trim(&mut self) {
        self.messages.shrink_to(KEPT);
        self.logs.shrink_to(KEPT);
    }
}

struct Shared {
    /// Until it ends, sending wakes nobody.
    in_callback: AtomicBool,
    was_sent: AtomicBool,
    /// Whether the service has something of its own to go on with.
    wants_to_resume: AtomicBool,
    outbound: Mutex<Outbound>,
}

impl Wake for Shared {
    fn wake(self: Arc<Self>) {
        if !self.wants_to_resume.swap(true, AcqRel) {
            let outbound = self.outbound.lock().unwrap_or_else(PoisonError::into_inner);
            let waker = outbound.waker.clone();
            drop(outbound);
            waker.wake();
        }
    }
}

struct Outbound {
    limits: SendLimits,
    batch: Batch,
    bytes: usize,
    log_bytes: usize,
    closed: bool,
    waker: Waker,
}

impl Outbound {
    fn new(waker: Waker, limits: SendLimits) -> Self {
        Self { limits, batch: Batch::default(), bytes: 0, log_bytes: 0, closed: false, waker }
    }

    /// The bound that one more message would exceed.
    fn exceeded(&self) -> Option<String> {
        let SendLimits { messages, bytes, .. } = self.limits;
        if self.batch.messages.len() >= messages {
            Some(format!("{messages} messages"))
        } else if self.bytes > bytes {
            Some(format!("{bytes} bytes of messages"))
        } else {
            None
        }
    }
}
