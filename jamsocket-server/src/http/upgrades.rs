//! Requests that ask for another protocol.
//!
//! HTTP/1's task stops being one for them: the connection is theirs, and the application answers.
//! Where that opens a WebSocket, the socket is the client's from there, without HTTP's buffers and
//! timers in between, and on the thread where it is best. Any other answer is written, and is the connection's last.

use crate::{
    clients::{Joined, SocketOffer},
    socket::Transport,
};
use actix_codec::{Encoder as _, Framed, FramedParts};
use actix_http::{
    ConnectionType, HttpMessage as _, Request, Response,
    body::{BodySize, BoxBody, MessageBody},
    h1::{Codec, Message},
};
use actix_service::{Service, ServiceFactory, fn_factory, fn_service};
use bytes::BytesMut;
use std::{convert::Infallible, fmt::Debug, future::poll_fn, io, pin::pin, rc::Rc};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

/// The service for requests that ask for another protocol, as an application answers them.
pub(super) fn upgrades<A, T>(
    app: A,
) -> impl ServiceFactory<
    (Request, Framed<T, Codec>),
    Config = (),
    Response = (),
    Error = Infallible,
    InitError = A::InitError,
    Future: 'static,
>
where
    A: ServiceFactory<Request, Config = (), Response = Response<BoxBody>> + 'static,
    A::Error: Into<Response<BoxBody>>,
    A::InitError: Debug,
    T: Transport,
{
    let app = Rc::new(app);
    fn_factory(move || {
        let app = app.clone();
        async move {
            let app = Rc::new(app.new_service(()).await?);
            Ok(fn_service(move |(request, connection)| {
                let app = app.clone();
                async move {
                    if let Err(error) = answer(&*app, request, connection).await {
                        tracing::debug!("a connection broke off: {error}");
                    }
                    Ok(())
                }
            }))
        }
    })
}

async fn answer<A, T>(app: &A, request: Request, connection: Framed<T, Codec>) -> io::Result<()>
where
    A: Service<Request, Response = Response<BoxBody>>,
    A::Error: Into<Response<BoxBody>>,
    T: Transport,
{
    let FramedParts { io: mut socket, mut codec, read_buf: read, write_buf: mut written, .. } =
        connection.into_parts();
    request.extensions_mut().insert(SocketOffer);
    let answered = match poll_fn(|cx| app.poll_ready(cx)).await {
        Ok(()) => app.call(request).await,
        Err(error) => Err(error),
    };
    let mut response = answered.unwrap_or_else(Into::into);
    let Some(joined) = response.extensions_mut().remove::<Joined>() else {
        return refuse(response, &mut socket, &mut codec, &mut written).await;
    };
    codec.encode(Message::Item((response.drop_body(), BodySize::Stream)), &mut written)?;
    socket.write_all(&written).await?;
    joined.settle(socket, read);
    Ok(())
}

/// Writes the answer to a request that opens no WebSocket, and ends the connection.
async fn refuse(
    mut response: Response<BoxBody>,
    socket: &mut (impl AsyncWrite + Unpin),
    codec: &mut Codec,
    written: &mut BytesMut,
) -> io::Result<()> {
    response.head_mut().set_connection_type(ConnectionType::Close);
    let (mut head, body) = response.into_parts();
    let size = body.size();
    if size == BodySize::Stream {
        // It ends with the connection, and the codec of an upgrade makes no chunks.
        head.head_mut().no_chunking(true);
    }
    codec.encode(Message::Item((head, size)), written)?;
    if !matches!(size, BodySize::None | BodySize::Sized(0)) {
        let mut body = pin!(body);
        while let Some(chunk) = poll_fn(|cx| body.as_mut().poll_next(cx)).await {
            let chunk = chunk.map_err(|error| io::Error::other(error.to_string()))?;
            codec.encode(Message::Chunk(Some(chunk)), written)?;
            socket.write_all_buf(written).await?;
        }
        codec.encode(Message::Chunk(None), written)?;
    }
    socket.write_all_buf(written).await?;
    socket.shutdown().await
}
