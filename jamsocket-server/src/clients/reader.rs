use super::{
    CloseReason,
    connection::Connection,
    frames::{Decoder, Incoming},
    source::Source,
};
use crate::Limits;
use std::{
    pin::pin,
    rc::Rc,
    task::{Context, Poll, ready},
};
use tokio::task::yield_now;

/// How many messages are read before others of the thread have their turn.
const TURN: usize = 16;

/// Turns what comes off a socket into what happens to a room: one message at a time, and no faster
/// than the room takes it.
#[derive(Debug)]
pub(super) struct Reader {
    decoder: Decoder,
    /// A message that the room has no space for yet.
    held: Option<Incoming>,
    phase: Phase,
}

#[derive(Debug, PartialEq, Eq)]
enum Phase {
    Open,
    /// After the last thing that counts: what still comes is read and dropped.
    Over,
    /// Nothing comes any more.
    Ended,
}

impl Reader {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { decoder: Decoder::new(limits), held: None, phase: Phase::Open }
    }

    /// Takes what was read off the socket before.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.decoder.feed(bytes);
    }

    /// Reads what has come, and hands it on. The task is woken when there is more to read.
    pub(super) fn read(
        &mut self,
        source: &mut impl Source,
        connection: &Rc<Connection>,
        cx: &mut Context<'_>,
    ) {
        connection.begin_reading();
        for _ in 0..TURN {
            match self.poll_next(source, connection, cx) {
                Poll::Ready(Some(Ok(incoming))) => connection.receive(incoming),
                Poll::Ready(Some(Err(reason))) => connection.fail(reason),
                Poll::Ready(None) => return connection.end(),
                Poll::Pending => return,
            }
        }
        // Tokio's own yield has the runtime look at its sockets first.
        let _ = pin!(yield_now()).poll(cx);
    }

    fn poll_next(
        &mut self,
        source: &mut impl Source,
        connection: &Connection,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Incoming, CloseReason>>> {
        match self.phase {
            Phase::Open => {}
            Phase::Over => return self.poll_drained(source, cx).map(|()| None),
            Phase::Ended => return Poll::Pending,
        }
        let next = match self.held.take() {
            Some(held) => Some(Ok(held)),
            None => ready!(self.poll_decoded(source, connection, cx)),
        };
        if let Some(Ok(message @ (Incoming::Text(_) | Incoming::Binary(_)))) = next {
            if connection.poll_ready(cx).is_pending() {
                self.held = Some(message);
                return Poll::Pending;
            }
            return Poll::Ready(Some(Ok(message)));
        }
        Poll::Ready(next)
    }

    fn poll_decoded(
        &mut self,
        source: &mut impl Source,
        connection: &Connection,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Incoming, CloseReason>>> {
        loop {
            match self.decoder.next() {
                Ok(Some(incoming)) => {
                    if matches!(incoming, Incoming::Close(_)) {
                        self.phase = Phase::Over;
                    }
                    return Poll::Ready(Some(Ok(incoming)));
                }
                Ok(None) => match source.poll_read(cx, |bytes| self.decoder.feed(bytes)) {
                    Poll::Ready(true) => connection.heard(),
                    Poll::Ready(false) => {
                        self.phase = Phase::Ended;
                        return Poll::Ready(None);
                    }
                    Poll::Pending => {
                        connection.pause();
                        return Poll::Pending;
                    }
                },
                Err(reason) => {
                    self.phase = Phase::Over;
                    return Poll::Ready(Some(Err(reason)));
                }
            }
        }
    }

    fn poll_drained(&mut self, source: &mut impl Source, cx: &mut Context<'_>) -> Poll<()> {
        while ready!(source.poll_read(cx, |_| {})) {}
        self.phase = Phase::Ended;
        Poll::Ready(())
    }
}
