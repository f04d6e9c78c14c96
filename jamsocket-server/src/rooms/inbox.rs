use super::{
    Membership, RoomStatus,
    calls::{self, PendingCall},
    code::SwapOrder,
};
use crate::{Limits, clients::Outbox};
use bytes::Bytes;
use bytestring::ByteString;
use jamsocket::{BuildError, ClientId, RoomCallError};
use std::{
    collections::VecDeque,
    mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{
            AtomicBool,
            Ordering::{Acquire, Release},
        },
    },
    task::{Context, Poll, Wake, Waker},
};
use tokio::sync::oneshot;

/// Up to which length a message that waits is copied out of the buffer that it was read into.
const COPIED_BYTES: usize = 8 << 10;

/// For how many events an inbox that is empty keeps its space.
const KEPT: usize = 16;

/// Something that happens to a room, on its way there.
#[derive(Debug)]
pub(crate) enum Event {
    /// A client wants to join. It is given its place or told why not; a room that has ended drops the
    /// sender, and the client looks for a fresh room.
    Join(Arc<Outbox>, oneshot::Sender<Result<Membership, Refused>>),
    /// Somebody waits for the room to be built.
    AwaitBuilt(oneshot::Sender<Result<(), Refused>>),
    Leave(ClientId),
    Text(ClientId, ByteString),
    Binary(ClientId, Bytes),
    /// Somebody on this server calls the room.
    Call(Box<PendingCall>),
    /// The room is to go over to new code.
    Swap(Box<SwapOrder>),
    /// The code of one version has failed, here or elsewhere: the room is to go back to another.
    Restore {
        failed: u64,
        before: u64,
    },
    Stop,
}

impl Event {
    /// The size that counts against the inbox's bounds; only messages count, and calls.
    fn message_bytes(&self) -> Option<usize> {
        match self {
            Event::Text(_, text) => Some(text.len()),
            Event::Binary(_, bytes) => Some(bytes.len()),
            Event::Call(call) => Some(call.bytes()),
            _ => None,
        }
    }

    /// The event by itself. A short message would keep the whole buffer that it was read into, up to
    /// 64 KiB, for as long as it waits.
    fn detached(self) -> Self {
        match self {
            Event::Text(client, text) if text.len() <= COPIED_BYTES => {
                Event::Text(client, ByteString::from(&*text))
            }
            Event::Binary(client, bytes) if bytes.len() <= COPIED_BYTES => {
                Event::Binary(client, Bytes::copy_from_slice(&bytes))
            }
            other => other,
        }
    }
}

/// Why a room does not take a client.
#[derive(Debug)]
pub(crate) enum Refused {
    /// It has as many clients as it may.
    Full,
    /// It could not be built.
    Unbuilt(Arc<BuildError>),
}

/// What the driver of a room is woken for.
#[derive(Debug)]
pub(crate) enum Next {
    Event(Event),
    /// The service has sent something from outside its callbacks.
    Sent,
}

/// What has happened to a room and was not handled yet, from any thread, in order.
///
/// It is bounded in messages: a client asks with [`poll_ready`](Self::poll_ready) before it takes
/// the next message off its socket, and a call is refused where it is full. Joins, leaves and stops are
/// few, and always taken.
#[derive(Debug)]
pub(crate) struct Inbox {
    /// How many messages it holds.
    max_messages: usize,
    /// How many bytes of messages it holds.
    max_bytes: usize,
    /// What the room tells of itself: an inbox is all that others have of a room.
    pub(crate) status: RoomStatus,
    /// Whether it takes no more messages, for those who would have to lock it to know.
    is_full: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    events: VecDeque<Event>,
    messages: usize,
    bytes: usize,
    sent: bool,
    closed: bool,
    room: Option<Waker>,
    /// Whether the room has to be woken for what is new.
    room_waits: bool,
    /// Clients that wait for space. They go on when half of it is free.
    waiting: Vec<Waker>,
}

impl Inbox {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            max_messages: limits.inbox_messages,
            max_bytes: limits.inbox_bytes,
            status: RoomStatus::new(),
            is_full: AtomicBool::new(false),
            state: Mutex::default(),
        }
    }

    /// Adds an event and wakes the room. What comes after the room's end is dropped. A stop does not
    /// wait for what came before it.
    pub(crate) fn push(&self, event: Event) {
        let mut state = self.lock();
        if state.closed {
            return;
        }
        let event = match event {
            // Nobody who calls waits for space, as a client does.
            Event::Call(call) if self.is_full(&state) => {
                drop(state);
                return call.refuse(RoomCallError::AtCapacity);
            }
            event => event,
        };
        if let Some(bytes) = event.message_bytes() {
            state.messages += 1;
            state.bytes += bytes;
            self.is_full.store(self.is_full(&state), Release);
        }
        match event {
            Event::Stop => state.events.push_front(event),
            // One that the room waits for is handled at once.
            event if state.room_waits => state.events.push_back(event),
            event => state.events.push_back(event.detached()),
        }
        wake(state);
    }

    /// Whether the room waits, and so has nothing before it: then an event can be handed to it past
    /// the inbox. Whoever asks has to do that, as nobody else wakes the room from here on.
    pub(super) fn begin_handing(&self) -> bool {
        mem::take(&mut self.lock().room_waits)
    }

    /// Notes that the room goes on without having been woken.
    pub(super) fn stop_waiting(&self) {
        self.lock().room_waits = false;
    }

    /// Whether the room has ended, or could not be built.
    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// How many events wait.
    pub(crate) fn len(&self) -> usize {
        self.lock().events.len()
    }

    /// Whether the inbox takes another message. It always does once the room has ended.
    pub(crate) fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.is_full.load(Acquire) {
            return Poll::Ready(());
        }
        let mut state = self.lock();
        if state.closed || !self.is_full(&state) {
            return Poll::Ready(());
        }
        if !state.waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
            state.waiting.push(cx.waker().clone());
        }
        Poll::Pending
    }

    /// Takes what is next for the room.
    pub(crate) fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Next> {
        let mut state = self.lock();
        let Some(event) = state.events.pop_front() else {
            if mem::take(&mut state.sent) {
                return Poll::Ready(Next::Sent);
            }
            state.events.shrink_to(KEPT);
            state.room_waits = true;
            match &mut state.room {
                Some(waker) => waker.clone_from(cx.waker()),
                none => *none = Some(cx.waker().clone()),
            }
            return Poll::Pending;
        };
        if let Some(bytes) = event.message_bytes() {
            state.messages -= 1;
            state.bytes -= bytes;
            self.is_full.store(self.is_full(&state), Release);
        }
        if state.messages <= self.max_messages / 2 && state.bytes <= self.max_bytes / 2 {
            let waiting = mem::take(&mut state.waiting);
            drop(state);
            waiting.into_iter().for_each(Waker::wake);
        }
        Poll::Ready(Next::Event(event))
    }

    /// Ends the inbox of a room that could not be built: whoever waits for it is told so.
    pub(crate) fn refuse(&self, error: &Arc<BuildError>) {
        let events = mem::take(&mut self.lock().events);
        for event in events {
            let refused = Refused::Unbuilt(error.clone());
            // Who has given up waiting needs not be told.
            match event {
                Event::Join(_, joined) => drop(joined.send(Err(refused))),
                Event::AwaitBuilt(built) => drop(built.send(Err(refused))),
                Event::Call(call) => call.refuse(calls::reason(error)),
                _ => {}
            }
        }
        self.close();
    }

    /// Ends the inbox: what is in it is dropped, and so is what still comes.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.room_waits = false;
        state.room = None;
        let events = mem::take(&mut state.events);
        let waiting = mem::take(&mut state.waiting);
        drop(state);
        drop(events);
        waiting.into_iter().for_each(Waker::wake);
    }

    fn is_full(&self, state: &State) -> bool {
        state.messages >= self.max_messages || state.bytes >= self.max_bytes
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The waker of the room's context: it notes that something was sent from outside a callback.
impl Wake for Inbox {
    fn wake(self: Arc<Self>) {
        let mut state = self.lock();
        state.sent = true;
        wake(state);
    }
}

/// Wakes the room, if it waits. Its waker stays, as it will hardly ever be another.
fn wake(mut state: MutexGuard<'_, State>) {
    if !mem::take(&mut state.room_waits) {
        return;
    }
    let waker = state.room.clone();
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
}

#[cfg(test)]
mod tests;
