use super::{connection::Connection, outbox::Outgoing, reader::Reader};
use crate::{metrics::OpenConnection, open_sockets::OpenSocket};
use actix_web::{
    body::{BodySize, MessageBody},
    web::Bytes,
};
use std::{
    convert::Infallible,
    mem,
    pin::{Pin, pin},
    rc::Rc,
    task::{Context, Poll},
};
use tokio::task::yield_now;

/// How often something is written before others of the thread have their turn. While there is
/// something to write, the socket is read on, 16 messages at a time, and small answers leave much to
/// write: a client that sends pings without pause would otherwise keep the thread for a quarter of a
/// million of them.
const TURN: usize = 16;

/// The body of the response that opened a WebSocket: all that is written to that socket.
///
/// Polling it also reads the socket. It is dropped with the socket,
/// however that ends; then, at the latest, the client has left its room.
pub(super) struct ClientBody {
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

impl ClientBody {
    pub(super) fn new(
        reader: Reader,
        connection: Rc<Connection>,
        place: OpenSocket,
        open: OpenConnection,
    ) -> Self {
        Self { reader, is_readers_turn: false, connection, written: 0, _place: place, _open: open }
    }
}

impl MessageBody for ClientBody {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = self.get_mut();
        if this.written == TURN {
            this.written = 0;
            // Tokio's own yield has the runtime look at its sockets first.
            return pin!(yield_now()).poll(cx).map(|()| None);
        }
        let outbox = &this.connection.outbox;
        if !mem::take(&mut this.is_readers_turn)
            && let Some(frames) = outbox.take()
        {
            this.is_readers_turn = true;
            this.written += 1;
            return Poll::Ready(Some(Ok(frames)));
        }
        this.reader.read(&this.connection, cx);
        match outbox.next(cx) {
            Outgoing::Frames(frames) => {
                this.written += 1;
                Poll::Ready(Some(Ok(frames)))
            }
            Outgoing::End => Poll::Ready(None),
            Outgoing::Nothing => {
                this.written = 0;
                Poll::Pending
            }
            Outgoing::Closing => {
                this.written = 0;
                this.connection.expect_close();
                Poll::Pending
            }
        }
    }
}

impl Drop for ClientBody {
    fn drop(&mut self) {
        self.connection.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, open_sockets::OpenSockets};
    use actix_http::h1;
    use std::{future::poll_fn, sync::Arc, task::Waker};

    #[actix_web::test]
    async fn others_have_their_turn_however_much_there_is_to_write() {
        let connection = Connection::for_test();
        for _ in 0..2 * TURN {
            // Two of them are not written together.
            connection.outbox.push(vec![0; 16 << 10].into()).unwrap();
        }
        let open = OpenSockets::at_most(1).open().unwrap();
        let counted = OpenConnection::new(&Arc::default());
        let (_socket, payload) = h1::Payload::create(false);
        let reader = Reader::new(&Limits::default(), payload.into());
        let mut body = ClientBody::new(reader, connection, open, counted);
        let mut next = |cx: &mut Context<'_>| Pin::new(&mut body).poll_next(cx);
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
