use super::{connection::Connection, outbox::Outgoing, reader::Reader, source::Source};
use crate::{Limits, metrics::OpenConnection, open_sockets::OpenSocket};
use bytes::Bytes;
use std::{
    mem,
    pin::pin,
    rc::Rc,
    task::{Context, Poll},
};
use tokio::task::yield_now;

/// How often something is written before others of the thread have their turn. While there is
/// something to write, the socket is read on, 16 messages at a time, and small answers leave much to
/// write: a client that sends pings without pause would otherwise keep the thread for a quarter of a
/// million of them.
const TURN: usize = 16;

/// A client with its socket, as the task of that socket sees it.
///
/// It reads and says what to write; how bytes come and go is its owner's affair. It is dropped with the
/// socket, however that ends; then, at the latest, the client has left its room.
#[derive(Debug)]
pub(super) struct Client {
    reader: Reader,
    /// Whether the last thing written was there before the socket was read: that is next, or a client
    /// that is sent much would never be read.
    is_readers_turn: bool,
    connection: Rc<Connection>,
    /// How often something has been written in this turn.
    written: usize,
    _place: OpenSocket,
    _open: OpenConnection,
}

impl Client {
    pub(super) fn new(
        limits: &Limits,
        connection: Rc<Connection>,
        place: OpenSocket,
        open: OpenConnection,
    ) -> Self {
        Self {
            reader: Reader::new(limits),
            is_readers_turn: false,
            connection,
            written: 0,
            _place: place,
            _open: open,
        }
    }

    /// Takes what was read off the socket before.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.reader.feed(bytes);
    }

    /// Reads what has come, and says what is to be written next; `None` when the socket is done with.
    pub(super) fn poll_next(
        &mut self,
        source: &mut impl Source,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Bytes>> {
        if self.written == TURN {
            self.written = 0;
            // Tokio's own yield has the runtime look at its sockets first.
            return pin!(yield_now()).poll(cx).map(|()| None);
        }
        let outbox = &self.connection.outbox;
        if !mem::take(&mut self.is_readers_turn)
            && let Some(frames) = outbox.take()
        {
            self.is_readers_turn = true;
            self.written += 1;
            return Poll::Ready(Some(frames));
        }
        self.reader.read(source, &self.connection, cx);
        match outbox.next(cx) {
            Outgoing::Frames(frames) => {
                self.written += 1;
                Poll::Ready(Some(frames))
            }
            Outgoing::End => Poll::Ready(None),
            Outgoing::Nothing => {
                self.written = 0;
                Poll::Pending
            }
            Outgoing::Closing => {
                self.written = 0;
                self.connection.expect_close();
                Poll::Pending
            }
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.connection.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::open_sockets::OpenSockets;
    use std::{future::poll_fn, sync::Arc, task::Waker};

    /// A peer that sends nothing.
    struct Silent;

    impl Source for Silent {
        fn poll_read(&mut self, _: &mut Context<'_>, _: impl FnOnce(&[u8])) -> Poll<bool> {
            Poll::Pending
        }
    }

    #[actix_web::test]
    async fn others_have_their_turn_however_much_there_is_to_write() {
        let connection = Connection::for_test();
        for _ in 0..2 * TURN {
            // Two of them are not written together.
            connection.outbox.push(vec![0; 16 << 10].into()).unwrap();
        }
        let open = OpenSockets::at_most(1).open().unwrap();
        let counted = OpenConnection::new(&Arc::default());
        let mut client = Client::new(&Limits::default(), connection, open, counted);
        let mut next = |cx: &mut Context<'_>| client.poll_next(&mut Silent, cx);
        for _ in 0..TURN {
            assert!(next(&mut Context::from_waker(Waker::noop())).is_ready());
        }
        let mut turns = 0;
        for _ in 0..TURN {
            poll_fn(|cx| {
                turns += 1;
                next(cx)
            })
            .await;
        }
        assert_eq!(turns, TURN + 1, "it gives up its turn once, and gets it back");
    }
}
