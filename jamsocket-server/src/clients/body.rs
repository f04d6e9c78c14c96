use super::{connection::Connection, outbox::Outgoing};
use crate::open_sockets::OpenSocket;
use actix_web::{
    body::{BodySize, BoxBody, MessageBody},
    web::Bytes,
};
use std::{
    error::Error,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

/// The body of the response that opened a WebSocket: all that is written to that socket.
///
/// Polling it also runs the client's actor, and so reads the socket. It is dropped with the socket,
/// however that ends; then, at the latest, the client has left its room.
pub(super) struct ClientBody {
    actor: BoxBody,
    connection: Rc<Connection>,
    _open: OpenSocket,
}

impl ClientBody {
    pub(super) fn new(actor: BoxBody, connection: Rc<Connection>, open: OpenSocket) -> Self {
        Self { actor, connection, _open: open }
    }
}

impl MessageBody for ClientBody {
    type Error = Box<dyn Error>;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = self.get_mut();
        match Pin::new(&mut this.actor).poll_next(cx) {
            Poll::Ready(Some(frame)) => return Poll::Ready(Some(frame)),
            Poll::Ready(None) => this.connection.end(),
            Poll::Pending => {}
        }
        match this.connection.outbox.poll_outgoing(cx) {
            Poll::Ready(Outgoing::Frame(frame)) => Poll::Ready(Some(Ok(frame))),
            Poll::Ready(Outgoing::End) => Poll::Ready(None),
            Poll::Pending => {
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
