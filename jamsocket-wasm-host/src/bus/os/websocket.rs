use super::{
    network::{MAX_URL_BYTES, NotGranted, bare, resolve, tls},
    wire::{queue, read, reply},
};
use crate::{
    GuestLimits,
    bus::{Call, CallError, Callee, Caller, Member},
};
use futures_util::{SinkExt as _, StreamExt as _};
use jamsocket::host::shown_url;
use rustls::pki_types::ServerName;
use serde::{Deserialize, Serialize};
use std::{io, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    spawn,
    sync::{mpsc, watch},
    time::{sleep, timeout},
};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{Message, protocol::WebSocketConfig},
};
use url::Url;
use wasm_bus::SerializationFormat::Bincode;

pub(super) const CONNECT: &str = "wasm_bus_ws::api::SocketBuilderConnectRequest";
const STATE: &str = "wasm_bus_ws::api::SocketBuilderConnectStateChangeCallback";
const RECEIVE: &str = "wasm_bus_ws::api::SocketBuilderConnectReceiveCallback";
const SEND: &str = "wasm_bus_ws::api::WebSocketSendRequest";
/// Ours: the published clients send no texts.
const SEND_TEXT: &str = "wasm_bus_ws::api::WebSocketSendTextRequest";

/// How many messages of a guest wait to be sent. One beyond fails.
const WAITING: usize = 8;

/// How much longer than a message what it is told in may be.
const MAX_ENVELOPE_BYTES: usize = 256;

/// How long the other side has to take a Close.
const CLOSE_TIME: Duration = Duration::from_secs(5);

#[derive(Deserialize)]
struct Connect {
    url: String,
}

#[derive(Deserialize)]
struct Send {
    data: Vec<u8>,
}

#[derive(Deserialize)]
struct SendText {
    text: String,
}

/// The states of a socket, by their numbers.
#[derive(Serialize, Clone, Copy)]
enum State {
    #[expect(dead_code, reason = "a socket starts with it, and nobody is told")]
    Opening,
    Opened,
    Closed,
    Failed,
}

#[derive(Serialize)]
enum SendResult {
    Success(usize),
    Failed(String),
}

/// The end of a socket that a guest has.
struct Socket {
    outgoing: mpsc::Sender<(Message, Caller)>,
    /// Dropped with it.
    _here: watch::Sender<()>,
}

/// Opens a WebSocket to another server, which becomes an object.
pub(super) fn connect(member: &Arc<Member>, call: Call) -> Result<Box<dyn Callee>, CallError> {
    let Connect { url } = read(&call.request)?;
    if url.len() > MAX_URL_BYTES {
        return Err(CallError::BAD_REQUEST);
    }
    let url: Url = url.parse().map_err(|_| CallError::BAD_REQUEST)?;
    if !matches!(url.scheme(), "ws" | "wss") || !url.has_host() {
        return Err(CallError::BAD_REQUEST);
    }
    if !member.grants.allow_url(&url) {
        return Err(member.deny(format_args!("the URL {}", shown_url(url.as_str()))));
    }
    let place = member.begin_connection()?;
    let (outgoing, sent) = mpsc::channel(WAITING);
    let (here, mut gone) = watch::channel(());
    let (limits, mut caller) = (member.limits.clone(), call.caller);
    // The socket has some time yet when its guest is gone, and the guest must not have as much.
    let member = Arc::downgrade(member);
    // It has no value, and is there before the socket is open.
    caller.reply(Vec::new());
    spawn(async move {
        let _place = place;
        let mut opening = gone.clone();
        let opened = tokio::select! {
            opened = timeout(limits.bus_http_time, open(&limits, &url)) => opened,
            _ = opening.changed() => return,
        };
        let living =
            live(opened.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())), &caller, sent);
        let end = tokio::select! {
            end = living => end,
            () = async {
                // It never changes: this is the end of its other side.
                let _ = gone.changed().await;
                sleep(CLOSE_TIME).await;
            } => return,
        };
        let end = end.unwrap_or_else(|error| {
            let shown = shown_url(url.as_str());
            if NotGranted::is_cause_of(&error)
                && let Some(member) = member.upgrade()
            {
                member.deny(format_args!("what the URL {shown} leads to"));
            }
            tracing::debug!("a guest's WebSocket to {shown} is not opened: {error}");
            State::Failed
        });
        if let Ok(end) = Bincode.encode(&end) {
            caller.feed_and_close(STATE.to_owned(), end);
        }
    });
    Ok(Box::new(Socket { outgoing, _here: here }))
}

impl Callee for Socket {
    fn call(&mut self, call: Call) -> Result<Box<dyn Callee>, CallError> {
        let message = match &*call.topic {
            SEND => read(&call.request).map(|Send { data }| Message::binary(data))?,
            SEND_TEXT => read(&call.request).map(|SendText { text }| Message::text(text))?,
            _ => return Err(CallError::UNSUPPORTED),
        };
        queue(&self.outgoing, message, call.caller)
    }
}

/// A socket from when it is open to its end.
async fn live(
    opened: io::Result<WebSocketStream<Box<dyn Stream>>>,
    caller: &Caller,
    sent: mpsc::Receiver<(Message, Caller)>,
) -> io::Result<State> {
    let socket = opened?;
    if let Ok(opened) = Bincode.encode(&State::Opened) {
        caller.feed(STATE.to_owned(), opened).await;
    }
    Ok(pass_on(socket, caller, sent).await)
}

/// Passes messages both ways until either side closes.
async fn pass_on(
    mut socket: WebSocketStream<Box<dyn Stream>>,
    caller: &Caller,
    mut sent: mpsc::Receiver<(Message, Caller)>,
) -> State {
    loop {
        tokio::select! {
            message = socket.next() => match message {
                Some(Ok(Message::Binary(bytes))) => {
                    if !receive(caller, &bytes).await {
                        return State::Failed;
                    }
                }
                Some(Ok(Message::Text(text))) => {
                    if !receive(caller, text.as_bytes()).await {
                        return State::Failed;
                    }
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => {
                    tracing::debug!("a guest's WebSocket failed: {error}");
                    return State::Failed;
                }
                None => return State::Closed,
            },
            message = sent.recv() => match message {
                Some((message, mut sender)) => {
                    let len = message.len();
                    let result = match socket.send(message).await {
                        Ok(()) => SendResult::Success(len),
                        Err(error) => SendResult::Failed(error.to_string()),
                    };
                    reply(&mut sender, &result);
                }
                None => {
                    // The guest is done with the socket: nobody hears what still comes.
                    let _ = timeout(CLOSE_TIME, async {
                        socket.close(None).await?;
                        while socket.next().await.transpose()?.is_some() {}
                        Ok::<_, tokio_tungstenite::tungstenite::Error>(())
                    })
                    .await;
                    return State::Closed;
                }
            },
        }
    }
}

/// Hands a message to the guest. Returns whether it takes any.
async fn receive(caller: &Caller, bytes: &[u8]) -> bool {
    match Bincode.encode(bytes) {
        Ok(message) => caller.feed(RECEIVE.to_owned(), message).await,
        Err(_) => false,
    }
}

trait Stream: AsyncRead + AsyncWrite + std::marker::Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + std::marker::Send + Unpin> Stream for S {}

async fn open(limits: &GuestLimits, url: &Url) -> io::Result<WebSocketStream<Box<dyn Stream>>> {
    let invalid = || io::Error::from(io::ErrorKind::InvalidInput);
    let host = url.host_str().ok_or_else(invalid)?;
    let port = url.port_or_known_default().ok_or_else(invalid)?;
    let addresses = resolve(host, port).await?;
    let tcp = TcpStream::connect(&*addresses).await?;
    tcp.set_nodelay(true)?;
    let stream: Box<dyn Stream> = if url.scheme() == "wss" {
        let name = ServerName::try_from(bare(host).to_owned()).map_err(|_| invalid())?;
        let tls = tls().map_err(io::Error::other)?;
        Box::new(TlsConnector::from(tls).connect(name, tcp).await?)
    } else {
        Box::new(tcp)
    };
    let most = Some(limits.bus_message_bytes.saturating_sub(MAX_ENVELOPE_BYTES));
    let config = WebSocketConfig::default().max_message_size(most).max_frame_size(most);
    let opened = client_async_with_config(url.as_str(), stream, Some(config)).await;
    let (socket, _) = opened.map_err(io::Error::other)?;
    Ok(socket)
}
