use super::{CloseReason, frame, pacer::Pacer};
use crate::{
    Limits,
    metrics::{Closing, ServiceMetrics},
};
use bytes::{Bytes, BytesMut};
use std::{
    collections::VecDeque,
    mem,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    task::{Context, Waker},
};
use thiserror::Error;

/// For how many frames an outbox that is empty keeps its space.
const KEPT: usize = 16;

/// Up to how many bytes frames that wait are written together.
const MERGED_BYTES: usize = 16 << 10;

/// How many frames may wait when a pong is still added to them.
const MAX_PONGS: usize = 64;

/// What waits to be written to a client: frames that are encoded already.
///
/// A room fills it, from whatever thread that room lives on, and never waits for it; the client's task
/// empties it. It is outside of that task, which stands still while a peer reads nothing.
#[derive(Debug)]
pub(crate) struct Outbox {
    /// How many frames it holds.
    max_frames: usize,
    /// How many bytes of frames it holds. An empty one takes any frame.
    max_bytes: usize,
    /// Where it is counted how the WebSocket ends.
    metrics: Arc<ServiceMetrics>,
    /// Who wakes the client's task, once that lives on a thread.
    pacer: OnceLock<Arc<Pacer>>,
    state: Mutex<State>,
}

/// The outbox of a client that does not read is full.
#[derive(Debug, Error)]
#[error("the outbox is full")]
pub(crate) struct Full;

#[derive(Debug, Default)]
struct State {
    frames: VecDeque<Bytes>,
    /// A pong that waits until all else has been written.
    late_pong: Option<Bytes>,
    bytes: usize,
    phase: Phase,
    task: Option<Waker>,
    /// Whether the task has to be woken for what is new.
    task_waits: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Frames are taken.
    #[default]
    Open,
    /// The last frame is a Close, and the peer has not answered it yet.
    Closing,
    /// When what is in here has been written, the socket is done with.
    Finished,
}

/// What the client's task is to do next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outgoing {
    /// Write this: a frame, or several.
    Frames(Bytes),
    /// Wait until it is woken.
    Nothing,
    /// Wait likewise, for the peer's answer to a Close.
    Closing,
    /// End.
    End,
}

impl Outbox {
    pub(crate) fn new(limits: &Limits, metrics: &Arc<ServiceMetrics>) -> Self {
        Self {
            max_frames: limits.outbox_messages,
            max_bytes: limits.outbox_bytes,
            metrics: metrics.clone(),
            pacer: OnceLock::new(),
            state: Mutex::default(),
        }
    }

    /// Has the client's task woken at its turn among those of its thread, rather than at once.
    pub(super) fn pace(&self, pacer: Arc<Pacer>) {
        // A client lives on one thread only, so this is asked for once.
        let _ = self.pacer.set(pacer);
    }

    /// Adds a frame. Once the outbox is closing, frames are dropped.
    ///
    /// # Errors
    ///
    /// The client has more waiting than it may.
    pub(crate) fn push(&self, frame: Bytes) -> Result<(), Full> {
        let mut state = self.lock();
        if state.phase != Phase::Open {
            return Ok(());
        }
        let waiting = state.frames.len();
        let too_much = waiting >= self.max_frames || state.bytes + frame.len() > self.max_bytes;
        if waiting > 0 && too_much {
            return Err(Full);
        }
        state.add(frame);
        self.wake(state);
        Ok(())
    }

    /// Adds the answer to a ping. Where much waits already, only the newest of them is kept, which is
    /// all that a peer may ask for (RFC 6455, section 5.5.3).
    pub(super) fn push_pong(&self, pong: Bytes) {
        let mut state = self.lock();
        if state.phase != Phase::Open {
            return;
        }
        if state.frames.len() < MAX_PONGS {
            state.add(pong);
        } else {
            state.late_pong = Some(pong);
        }
        self.wake(state);
    }

    /// Closes the WebSocket after what waits already.
    pub(crate) fn close(&self, reason: CloseReason) {
        self.begin_close(reason.closing, frame::close(&reason), false);
    }

    /// Closes the WebSocket in place of what waits already: nobody has read it so far.
    pub(crate) fn abandon(&self, reason: CloseReason) {
        self.begin_close(reason.closing, frame::close(&reason), true);
    }

    /// Answers a peer that has closed the WebSocket, and is done.
    pub(super) fn answer_close(&self, code: Option<u16>) {
        self.begin_close(Closing::by_peer(code), frame::close_echo(code), false);
        self.finish();
    }

    /// Is done when what waits has been written; no answer of the peer is expected any more.
    pub(super) fn finish(&self) {
        let mut state = self.lock();
        if state.phase == Phase::Open {
            self.metrics.closes.count(Closing::Lost);
        }
        state.phase = Phase::Finished;
        self.wake(state);
    }

    /// Whether a Close has been sent, or is about to be.
    pub(super) fn is_closing(&self) -> bool {
        self.lock().phase != Phase::Open
    }

    /// Takes frames that wait. Whoever adds others from here on wakes nobody, until
    /// [`next`](Self::next) has found nothing.
    pub(super) fn take(&self) -> Option<Bytes> {
        let mut state = self.lock();
        state.task_waits = false;
        state.take()
    }

    /// Says what is next, and has the task woken where that is to wait.
    pub(super) fn next(&self, cx: &mut Context<'_>) -> Outgoing {
        let mut state = self.lock();
        if let Some(frames) = state.take() {
            return Outgoing::Frames(frames);
        }
        if let Some(pong) = state.late_pong.take().filter(|_| state.phase == Phase::Open) {
            return Outgoing::Frames(pong);
        }
        if state.phase == Phase::Finished {
            return Outgoing::End;
        }
        state.frames.shrink_to(KEPT);
        state.task_waits = true;
        match &mut state.task {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        if state.phase == Phase::Closing { Outgoing::Closing } else { Outgoing::Nothing }
    }

    /// Takes all that waits, as it is written.
    #[cfg(test)]
    pub(crate) fn drain(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        while let Outgoing::Frames(frames) = self.next(&mut Context::from_waker(Waker::noop())) {
            bytes.extend_from_slice(&frames);
        }
        bytes
    }

    fn begin_close(&self, closing: Closing, close: Bytes, drop_waiting: bool) {
        let mut state = self.lock();
        if state.phase != Phase::Open {
            return;
        }
        if drop_waiting {
            mem::take(&mut state.frames);
            state.bytes = 0;
        }
        self.metrics.closes.count(closing);
        state.add(close);
        state.phase = Phase::Closing;
        self.wake(state);
    }

    /// Wakes the client's task, if it waits. Its waker stays, as it will hardly ever be another.
    fn wake(&self, mut state: MutexGuard<'_, State>) {
        if !mem::take(&mut state.task_waits) {
            return;
        }
        let waker = state.task.clone();
        drop(state);
        match (waker, self.pacer.get()) {
            (Some(waker), Some(pacer)) => pacer.wake(waker),
            (Some(waker), None) => waker.wake(),
            (None, _) => {}
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn add(&mut self, frame: Bytes) {
        self.bytes += frame.len();
        self.frames.push_back(frame);
    }

    /// Takes the first frame, and what follows it as far as that is short.
    fn take(&mut self) -> Option<Bytes> {
        let first = self.frames.pop_front()?;
        self.bytes -= first.len();
        let mut together = first.len();
        let merged = |frame: &&Bytes| {
            together += frame.len();
            together <= MERGED_BYTES
        };
        let more = self.frames.iter().take_while(merged).count();
        if more == 0 {
            return Some(first);
        }
        let mut frames = BytesMut::with_capacity(MERGED_BYTES.min(first.len() + self.bytes));
        frames.extend_from_slice(&first);
        for frame in self.frames.drain(..more) {
            self.bytes -= frame.len();
            frames.extend_from_slice(&frame);
        }
        Some(frames.freeze())
    }
}

#[cfg(test)]
mod tests;
