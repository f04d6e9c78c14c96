use super::Client;
use actix_web::{
    body::{BodySize, MessageBody},
    dev::Payload,
    web::Bytes,
};
use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

/// The body of the response that opened a WebSocket, where the socket stays with HTTP/1's own task: all
/// that is written to it. Polling it also reads the socket.
pub(super) struct ClientBody {
    client: Client,
    payload: Payload,
}

impl ClientBody {
    pub(super) fn new(client: Client, payload: Payload) -> Self {
        Self { client, payload }
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
        this.client.poll_next(&mut this.payload, cx).map(|frames| frames.map(Ok))
    }
}
