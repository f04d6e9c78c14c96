//! The one file that knows actix-web-actors: it opens the WebSocket and reads it.

use super::{
    CloseReason,
    connection::Connection,
    frames::{Decoder, Incoming},
};
use crate::Limits;
use actix::{Actor, ActorContext, AsyncContext, StreamHandler};
use actix_web::{
    Error, HttpRequest, HttpResponse, dev,
    error::PayloadError,
    web::{Bytes, Payload},
};
use actix_web_actors::ws::{self, WebsocketContext, WsResponseBuilder};
use futures_core::Stream;
use std::{
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker, ready},
};

/// Turns what comes off a socket into what happens to a room. What goes out does not pass through
/// it: the response's body takes that from the client's outbox.
pub(super) struct ClientActor {
    connection: Rc<Connection>,
    frames: Option<FrameStream>,
}

impl ClientActor {
    /// Answers an upgrade request, whose handshake has been verified, with a response whose body
    /// runs the actor and writes nothing.
    ///
    /// # Errors
    ///
    /// The request is no WebSocket handshake.
    pub(super) fn start(
        connection: Rc<Connection>,
        limits: &Limits,
        request: &HttpRequest,
        payload: Payload,
    ) -> Result<HttpResponse, Error> {
        let frames = FrameStream::new(connection.clone(), limits, payload);
        let actor = Self { connection, frames: Some(frames) };
        // The layer's own reader buffers without bound; it is given nothing to read.
        WsResponseBuilder::new(actor, request, Nothing).start()
    }
}

impl Actor for ClientActor {
    type Context = WebsocketContext<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        if let Some(frames) = self.frames.take() {
            context.add_stream(frames);
        }
    }
}

impl StreamHandler<Result<Incoming, CloseReason>> for ClientActor {
    fn handle(&mut self, item: Result<Incoming, CloseReason>, _: &mut Self::Context) {
        match item {
            Ok(incoming) => self.connection.receive(incoming),
            Err(reason) => self.connection.fail(reason),
        }
    }

    fn finished(&mut self, context: &mut Self::Context) {
        self.connection.end();
        context.stop();
    }
}

/// The layer asks for this handler; nothing comes to it.
impl StreamHandler<Result<ws::Message, ws::ProtocolError>> for ClientActor {
    fn handle(&mut self, _: Result<ws::Message, ws::ProtocolError>, _: &mut Self::Context) {}

    fn finished(&mut self, _: &mut Self::Context) {}
}

/// What a client sends, one message at a time, and no faster than its room takes it.
struct FrameStream {
    connection: Rc<Connection>,
    payload: dev::Payload,
    decoder: Decoder,
    /// A message that the room has no space for yet.
    held: Option<Incoming>,
    /// Set after the last thing that counts: what still comes is read and dropped.
    over: bool,
}

impl FrameStream {
    fn new(connection: Rc<Connection>, limits: &Limits, payload: Payload) -> Self {
        Self {
            connection,
            payload: payload.into_inner(),
            decoder: Decoder::new(limits),
            held: None,
            over: false,
        }
    }

    fn poll_decoded(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Incoming, CloseReason>>> {
        loop {
            match self.decoder.next() {
                Ok(Some(incoming)) => {
                    self.over = matches!(incoming, Incoming::Close(_));
                    return Poll::Ready(Some(Ok(incoming)));
                }
                Ok(None) => match self.poll_payload(cx) {
                    Poll::Ready(Some(Ok(bytes))) => {
                        self.connection.heard();
                        self.decoder.feed(&bytes);
                    }
                    Poll::Ready(Some(Err(_)) | None) => return Poll::Ready(None),
                    Poll::Pending => {
                        self.connection.pause();
                        return Poll::Pending;
                    }
                },
                Err(reason) => {
                    self.over = true;
                    return Poll::Ready(Some(Err(reason)));
                }
            }
        }
    }

    /// Polls what comes off the socket.
    ///
    /// HTTP/1's payload is filled by the very task that runs this, just before it does so. Filling
    /// it would wake that task in vain, once a message, so it is given nobody to wake.
    fn poll_payload(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, PayloadError>>> {
        match &mut self.payload {
            dev::Payload::H1 { payload } => {
                Pin::new(payload).poll_next(&mut Context::from_waker(Waker::noop()))
            }
            other => Pin::new(other).poll_next(cx),
        }
    }

    fn poll_drained(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while let Some(Ok(_)) = ready!(self.poll_payload(cx)) {}
        Poll::Ready(())
    }
}

impl Stream for FrameStream {
    type Item = Result<Incoming, CloseReason>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.over {
            return this.poll_drained(cx).map(|()| None);
        }
        let next = match this.held.take() {
            Some(held) => Some(Ok(held)),
            None => ready!(this.poll_decoded(cx)),
        };
        if let Some(Ok(message @ (Incoming::Text(_) | Incoming::Binary(_)))) = next {
            if this.connection.poll_ready(cx).is_pending() {
                this.held = Some(message);
                return Poll::Pending;
            }
            return Poll::Ready(Some(Ok(message)));
        }
        Poll::Ready(next)
    }
}

/// A stream on which nothing ever comes, and which does not end.
struct Nothing;

impl Stream for Nothing {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Pending
    }
}
