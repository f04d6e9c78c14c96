use super::{CloseReason, frame};
use crate::Limits;
use bytes::Bytes;
use std::{
    collections::VecDeque,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};
use thiserror::Error;

/// For how many frames an outbox that is empty keeps its space.
const KEPT: usize = 16;

/// How many frames may wait when a pong is still added to them.
const MAX_PONGS: usize = 64;

/// What waits to be written to a client: frames that are encoded already.
///
/// A room fills it, from whatever thread that room lives on, and never waits for it; the client's
/// response body empties it. It is outside that body because nobody polls the body of a peer that
/// reads nothing.
#[derive(Debug)]
pub(crate) struct Outbox {
    /// How many frames it holds.
    max_frames: usize,
    /// How many bytes of frames it holds. An empty one takes any frame.
    max_bytes: usize,
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
    body: Option<Waker>,
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

/// What the body is to do next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outgoing {
    /// Write this.
    Frame(Bytes),
    /// End.
    End,
}

impl Outbox {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            max_frames: limits.outbox_messages,
            max_bytes: limits.outbox_bytes,
            state: Mutex::default(),
        }
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
        wake(state);
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
        wake(state);
    }

    /// Closes the WebSocket after what waits already.
    pub(crate) fn close(&self, reason: CloseReason) {
        self.begin_close(frame::close(&reason), false);
    }

    /// Closes the WebSocket in place of what waits already: nobody has read it so far.
    pub(crate) fn abandon(&self, reason: CloseReason) {
        self.begin_close(frame::close(&reason), true);
    }

    /// Answers a peer that has closed the WebSocket, and is done.
    pub(super) fn answer_close(&self, code: Option<u16>) {
        self.begin_close(frame::close_echo(code), false);
        self.finish();
    }

    /// Is done when what waits has been written; no answer of the peer is expected any more.
    pub(super) fn finish(&self) {
        let mut state = self.lock();
        state.phase = Phase::Finished;
        wake(state);
    }

    /// Whether a Close has been sent, or is about to be.
    pub(super) fn is_closing(&self) -> bool {
        self.lock().phase != Phase::Open
    }

    pub(super) fn poll_outgoing(&self, cx: &mut Context<'_>) -> Poll<Outgoing> {
        let mut state = self.lock();
        if let Some(frame) = state.frames.pop_front() {
            state.bytes -= frame.len();
            return Poll::Ready(Outgoing::Frame(frame));
        }
        if let Some(pong) = state.late_pong.take().filter(|_| state.phase == Phase::Open) {
            return Poll::Ready(Outgoing::Frame(pong));
        }
        if state.phase == Phase::Finished {
            return Poll::Ready(Outgoing::End);
        }
        state.frames.shrink_to(KEPT);
        match &mut state.body {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        Poll::Pending
    }

    fn begin_close(&self, close: Bytes, drop_waiting: bool) {
        let mut state = self.lock();
        if state.phase != Phase::Open {
            return;
        }
        if drop_waiting {
            mem::take(&mut state.frames);
            state.bytes = 0;
        }
        state.add(close);
        state.phase = Phase::Closing;
        wake(state);
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
}

fn wake(mut state: MutexGuard<'_, State>) {
    let waker = state.body.take();
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(outbox: &Outbox) -> Poll<Outgoing> {
        outbox.poll_outgoing(&mut Context::from_waker(Waker::noop()))
    }

    fn bytes(len: usize) -> Bytes {
        vec![0; len].into()
    }

    #[test]
    fn an_outbox_holds_1024_frames() {
        let outbox = Outbox::new(&Limits::default());
        for _ in 0..1_024 {
            outbox.push(bytes(1)).unwrap();
        }
        assert!(outbox.push(bytes(1)).is_err());
        assert_eq!(next(&outbox), Poll::Ready(Outgoing::Frame(bytes(1))));
        outbox.push(bytes(1)).unwrap();
    }

    #[test]
    fn an_outbox_holds_four_mebibytes() {
        let outbox = Outbox::new(&Limits::default());
        outbox.push(bytes(1)).unwrap();
        outbox.push(bytes((4 << 20) - 1)).unwrap();
        assert!(outbox.push(bytes(1)).is_err());
    }

    #[test]
    fn an_empty_outbox_takes_any_one_message() {
        let outbox = Outbox::new(&Limits::default());
        outbox.push(bytes((4 << 20) + 1)).unwrap();
        assert!(outbox.push(bytes(1)).is_err());
    }

    #[test]
    fn what_waits_is_written_before_a_close_and_nothing_after_it() {
        let outbox = Outbox::new(&Limits::default());
        outbox.push(bytes(1)).unwrap();
        outbox.close(CloseReason::STOPPING);
        outbox.push(bytes(2)).unwrap();
        outbox.close(CloseReason::ROOM_FAILED);
        assert_eq!(next(&outbox), Poll::Ready(Outgoing::Frame(bytes(1))));
        let close = frame::close(&CloseReason::STOPPING);
        assert_eq!(next(&outbox), Poll::Ready(Outgoing::Frame(close)));
        assert_eq!(next(&outbox), Poll::Pending);
        outbox.finish();
        assert_eq!(next(&outbox), Poll::Ready(Outgoing::End));
    }

    #[test]
    fn an_abandoned_client_gets_only_its_close() {
        let outbox = Outbox::new(&Limits::default());
        outbox.push(bytes(1)).unwrap();
        outbox.abandon(CloseReason::TOO_SLOW);
        let close = frame::close(&CloseReason::TOO_SLOW);
        assert_eq!(next(&outbox), Poll::Ready(Outgoing::Frame(close)));
        assert_eq!(next(&outbox), Poll::Pending);
    }

    #[test]
    fn of_many_pongs_the_newest_is_kept() {
        let outbox = Outbox::new(&Limits::default());
        for n in 0..2_000 {
            outbox.push_pong(bytes(n));
        }
        let mut sizes = Vec::new();
        while let Poll::Ready(Outgoing::Frame(pong)) = next(&outbox) {
            sizes.push(pong.len());
        }
        assert_eq!(sizes, (0..MAX_PONGS).chain([1_999]).collect::<Vec<_>>());
    }

    #[test]
    fn the_answer_to_a_close_is_the_last_frame() {
        let outbox = Outbox::new(&Limits::default());
        outbox.answer_close(Some(1000));
        let echo = frame::close_echo(Some(1000));
        assert_eq!(next(&outbox), Poll::Ready(Outgoing::Frame(echo)));
        assert_eq!(next(&outbox), Poll::Ready(Outgoing::End));
    }
}
