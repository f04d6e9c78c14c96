use super::{Call, CallError, CallKey};
use crate::GuestLimits;
use std::{
    collections::{HashSet, VecDeque},
    future::poll_fn,
    mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};
use tokio::{sync::Notify, time::timeout};

/// What a guest learns of a call of its own.
#[derive(Debug)]
pub(crate) enum Answer {
    Reply(CallKey, Vec<u8>),
    Fault(CallKey, CallError),
    /// A message for the callback of this topic.
    Message(CallKey, String, Vec<u8>),
    /// The far side has closed the object.
    Closed(CallKey),
}

/// What a guest is asked for by others.
#[derive(Debug)]
pub(crate) enum Request {
    Call(Call),
    /// The caller is done with its call, or with the object that it has become.
    Dropped(CallKey),
}

/// What waits for a guest, from whatever thread it comes.
#[derive(Debug)]
pub(crate) struct Mailbox {
    id: u64,
    limits: Arc<GuestLimits>,
    state: Mutex<State>,
    /// Notified when there is space for messages again, or never will be.
    space: Notify,
}

#[derive(Debug, Default)]
struct State {
    answers: VecDeque<Answer>,
    /// How many of the answers are messages.
    messages: usize,
    answer_bytes: usize,
    /// The guest's own calls that it has not done with, by their serials: who answers others is not
    /// heard.
    live: HashSet<u64>,
    requests: VecDeque<Request>,
    /// The calls among them.
    waiting_calls: HashSet<CallKey>,
    /// How many of them are others' than the guest's own.
    calls_of_others: usize,
    /// Those of them that their callers have dropped: they are left out when it is their turn.
    dropped_calls: HashSet<CallKey>,
    /// Calls that were refused while they waited, until their callers are done with them.
    refused_calls: HashSet<CallKey>,
    request_bytes: usize,
    is_closed: bool,
    /// Who waits for something to come, this once.
    waiting: Option<Waker>,
    /// Who is to see to the guest while nobody waits.
    idle: Option<Waker>,
}

impl Mailbox {
    pub(crate) fn new(limits: &Arc<GuestLimits>) -> Arc<Self> {
        static IDS: AtomicU64 = AtomicU64::new(1);
        let id = IDS.fetch_add(1, Relaxed);
        Arc::new(Self { id, limits: limits.clone(), state: Mutex::default(), space: Notify::new() })
    }

    /// A number that no other mailbox of this process has.
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    pub(crate) fn limits(&self) -> &GuestLimits {
        &self.limits
    }

    /// Has this woken for whatever comes while nobody waits for it.
    pub(crate) fn wake_when_idle(&self, waker: Waker) {
        self.lock().idle = Some(waker);
    }

    /// Hears answers to another call of the guest's from here on.
    ///
    /// # Errors
    ///
    /// The guest has not taken those of others.
    pub(crate) fn begin_call(&self, serial: u64) -> Result<(), CallError> {
        let mut state = self.lock();
        let most = 2 * self.limits.bus_calls + self.limits.bus_waiting_messages;
        if state.answers.len() >= most {
            return Err(CallError::MEMORY_ALLOCATION_FAILED);
        }
        state.live.insert(serial);
        Ok(())
    }

    /// Hears none to it any more.
    pub(crate) fn end_call(&self, serial: u64) {
        self.lock().live.remove(&serial);
    }

    /// The call was not made after all: what was answered to it just now is taken back.
    pub(crate) fn retract_call(&self, serial: u64) {
        let mut state = self.lock();
        state.live.remove(&serial);
        let at = state.answers.iter().rposition(|answer| answer.key().serial == serial);
        let answer = at.and_then(|at| state.answers.remove(at));
        if let Some(answer) = answer {
            state.discharge(&answer);
        }
    }

    /// A message that was taken waits on, and counts among those that do.
    pub(crate) fn charge(&self, answer: &Answer) {
        self.lock().charge(answer);
    }

    /// It waits no more.
    pub(crate) fn discharge(&self, answer: &Answer) {
        self.lock().discharge(answer);
        self.space.notify_waiters();
    }

    /// Adds an answer. There is at most one a call, so that it always fits; but for its bytes, without
    /// which the caller learns of that.
    pub(crate) fn answer(&self, answer: Answer) {
        let mut state = self.lock();
        let fitting = match answer {
            Answer::Reply(key, response) if !self.fits(&state, response.len()) => {
                Answer::Fault(key, CallError::MEMORY_ALLOCATION_FAILED)
            }
            other => other,
        };
        state.add(fitting);
        wake(state);
    }

    /// Adds a last message, however much waits, and what ends its call. There is at most one a call, of a
    /// few bytes of the host's own.
    pub(crate) fn answer_both(&self, message: Answer, end: Answer) {
        let mut state = self.lock();
        state.add(message);
        state.add(end);
        wake(state);
    }

    /// Adds a message for a callback once there is space. Where there is none for so long, or could
    /// never be, the call is over.
    ///
    /// Returns whether the call takes messages still.
    pub(crate) async fn feed(&self, patience: Duration, message: Answer) -> bool {
        let key = message.key();
        if message.bytes() > self.limits.bus_message_bytes.min(self.limits.bus_waiting_bytes) {
            self.break_off(key);
            return false;
        }
        let mut message = Some(message);
        let fed = timeout(patience, async {
            loop {
                let space = self.space.notified();
                if self.try_feed(&mut message) {
                    return;
                }
                space.await;
            }
        });
        let is_fed = fed.await.is_ok();
        if !is_fed {
            self.break_off(key);
        }
        is_fed
    }

    /// Ends a call, or the object that it has become.
    pub(crate) fn break_off(&self, key: CallKey) {
        self.answer(Answer::Fault(key, CallError::MEMORY_ALLOCATION_FAILED));
        self.answer(Answer::Closed(key));
    }

    /// Adds a message if there is space. Returns whether it is done with.
    fn try_feed(&self, message: &mut Option<Answer>) -> bool {
        let mut state = self.lock();
        let Some(waiting) = message.take() else { return true };
        if state.is_closed || !state.live.contains(&waiting.key().serial) {
            return true;
        }
        let has_space = state.messages < self.limits.bus_waiting_messages;
        if !has_space || !self.fits(&state, waiting.bytes()) {
            *message = Some(waiting);
            return false;
        }
        state.add(waiting);
        wake(state);
        true
    }

    /// Adds what others ask for.
    ///
    /// # Errors
    ///
    /// The guest has ended, or more waits for it than may. Who has made a call has been told so.
    pub(crate) fn request(&self, request: Request) -> Result<(), CallError> {
        let mut state = self.lock();
        if state.is_closed {
            return Err(CallError::ABORTED);
        }
        match request {
            Request::Call(mut call) => {
                let bytes = state.request_bytes + call.bytes();
                let calls = state.waiting_calls.len() + state.dropped_calls.len();
                if calls >= self.limits.bus_calls || bytes > self.limits.bus_waiting_bytes {
                    drop(state);
                    call.caller.fault(CallError::MEMORY_ALLOCATION_FAILED);
                    return Err(CallError::MEMORY_ALLOCATION_FAILED);
                }
                state.calls_of_others += usize::from(call.caller.key().caller != self.id);
                state.waiting_calls.insert(call.caller.key());
                state.request_bytes = bytes;
                state.requests.push_back(Request::Call(call));
            }
            Request::Dropped(key) => {
                if state.refused_calls.remove(&key) {
                    return Ok(());
                }
                if state.waiting_calls.remove(&key) {
                    state.calls_of_others -= usize::from(key.caller != self.id);
                    state.dropped_calls.insert(key);
                    return Ok(());
                }
                state.requests.push_back(Request::Dropped(key));
            }
        }
        wake(state);
        Ok(())
    }

    /// Takes the next answer.
    pub(crate) fn take_answer(&self) -> Option<Answer> {
        let mut state = self.lock();
        let answer = state.answers.pop_front()?;
        state.discharge(&answer);
        let has_space = state.messages <= self.limits.bus_waiting_messages / 2;
        drop(state);
        if has_space {
            self.space.notify_waiters();
        }
        Some(answer)
    }

    /// Takes the next thing that others ask for.
    pub(crate) fn take_request(&self) -> Option<Request> {
        loop {
            let mut state = self.lock();
            match state.requests.pop_front()? {
                Request::Dropped(key) => return Some(Request::Dropped(key)),
                Request::Call(mut call) => {
                    let key = call.caller.key();
                    state.request_bytes -= call.bytes();
                    if state.waiting_calls.remove(&key) {
                        state.calls_of_others -= usize::from(key.caller != self.id);
                    }
                    if !state.dropped_calls.remove(&key) {
                        return Some(Request::Call(call));
                    }
                    drop(state);
                    // Nobody wants an answer any more.
                    call.caller.forget();
                }
            }
        }
    }

    /// Fails all calls that wait.
    pub(crate) fn refuse_calls(&self, error: CallError) {
        let mut calls = Vec::new();
        let mut state = self.lock();
        let requests = mem::take(&mut state.requests);
        for request in requests {
            match request {
                Request::Call(call) => calls.push(call),
                dropped @ Request::Dropped(_) => state.requests.push_back(dropped),
            }
        }
        let refused = mem::take(&mut state.waiting_calls);
        state.refused_calls.extend(refused);
        (state.request_bytes, state.calls_of_others) = (0, 0);
        let dropped = mem::take(&mut state.dropped_calls);
        drop(state);
        for mut call in calls {
            if dropped.contains(&call.caller.key()) {
                call.caller.forget();
            } else {
                call.caller.fault(error);
            }
        }
    }

    /// How many calls of others wait that are wanted still.
    pub(crate) fn calls_of_others(&self) -> usize {
        self.lock().calls_of_others
    }

    /// Whether any calls wait, wanted or not.
    pub(crate) fn has_calls(&self) -> bool {
        let state = self.lock();
        !state.waiting_calls.is_empty() || !state.dropped_calls.is_empty()
    }

    /// Waits until there is an answer.
    pub(crate) async fn answered(&self) {
        poll_fn(|cx| self.poll(cx, |state| !state.answers.is_empty())).await;
    }

    /// Waits until there is anything.
    pub(crate) async fn filled(&self) {
        poll_fn(|cx| self.poll(cx, State::has_something)).await;
    }

    pub(crate) fn is_empty(&self) -> bool {
        !self.lock().has_something()
    }

    /// Whether the guest has ended.
    pub(crate) fn is_closed(&self) -> bool {
        self.lock().is_closed
    }

    /// Ends it: what is in it is dropped, and so is what still comes.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.is_closed = true;
        let (answers, requests) = (mem::take(&mut state.answers), mem::take(&mut state.requests));
        state.idle = None;
        drop(state);
        drop((answers, requests));
        self.space.notify_waiters();
    }

    fn poll(&self, cx: &mut Context<'_>, is_there: impl Fn(&State) -> bool) -> Poll<()> {
        let mut state = self.lock();
        if is_there(&state) {
            state.waiting = None;
            return Poll::Ready(());
        }
        state.waiting = Some(cx.waker().clone());
        Poll::Pending
    }

    fn fits(&self, state: &State, bytes: usize) -> bool {
        bytes <= self.limits.bus_message_bytes
            && state.answer_bytes + bytes <= self.limits.bus_waiting_bytes
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn add(&mut self, answer: Answer) {
        if !self.is_closed && self.live.contains(&answer.key().serial) {
            self.charge(&answer);
            self.answers.push_back(answer);
        }
    }

    fn charge(&mut self, answer: &Answer) {
        self.answer_bytes += answer.bytes();
        self.messages += usize::from(matches!(answer, Answer::Message(..)));
    }

    fn discharge(&mut self, answer: &Answer) {
        self.answer_bytes -= answer.bytes();
        self.messages -= usize::from(matches!(answer, Answer::Message(..)));
    }

    fn has_something(&self) -> bool {
        !self.answers.is_empty() || !self.requests.is_empty()
    }
}

impl Answer {
    fn bytes(&self) -> usize {
        match self {
            Answer::Reply(_, response) => response.len(),
            Answer::Message(_, topic, message) => topic.len() + message.len(),
            Answer::Fault(..) | Answer::Closed(_) => 0,
        }
    }
}

fn wake(mut state: MutexGuard<'_, State>) {
    let waker = state.waiting.take().or_else(|| state.idle.clone());
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
}
