use super::wire::{SendResult, SocketBuilderClient, SocketState, WebSocket};
use crate::{
    CallError, OS,
    sync::{self, Watch, channel, watch},
};
use futures_core::Stream;
use std::{
    future::poll_fn,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

/// Opens a connection, and waits until it is open.
///
/// # Errors
///
/// Where it cannot be opened.
pub async fn connect(url: &str) -> Result<(Sender, Receiver), ConnectError> {
    let (state_setter, state) = watch(SocketState::Opening);
    let (message_sender, messages) = channel();
    let socket = SocketBuilderClient::new(OS)
        .connect(
            url.to_owned(),
            Box::new(move |state| state_setter.set(state)),
            Box::new(move |message| message_sender.send(message)),
        )
        .await?;
    let settled = state.until(|state| (state != SocketState::Opening).then_some(state)).await;
    if settled != Some(SocketState::Opened) {
        return Err(ConnectError::Failed { url: url.to_owned() });
    }
    let connection = Connection { socket: Arc::new(Mutex::new(Some(socket))), state };
    Ok((Sender { connection: connection.clone() }, Receiver { connection, messages }))
}

/// The end of a connection that messages are sent by.
#[derive(Debug, Clone)]
pub struct Sender {
    connection: Connection,
}

impl Sender {
    /// Sends a binary message, and waits until it is on its way.
    ///
    /// # Errors
    ///
    /// Where the connection is not open any more, or the message could not be sent.
    pub async fn send(&self, message: impl Into<Vec<u8>>) -> Result<(), SendError> {
        let socket = self.opened()?;
        sent(socket.send(message.into()).await?)
    }

    /// Sends a text message likewise.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn send_text(&self, message: impl Into<String>) -> Result<(), SendError> {
        let socket = self.opened()?;
        sent(socket.send_text(message.into()).await?)
    }

    fn opened(&self) -> Result<Arc<dyn WebSocket + Send + Sync>, SendError> {
        let socket = self.connection.socket().filter(|_| self.state() == SocketState::Opened);
        socket.ok_or(SendError::Closed)
    }

    /// How the connection is.
    pub fn state(&self) -> SocketState {
        self.connection.state()
    }

    /// Closes the connection. Its receiver ends.
    pub fn close(&self) {
        self.connection.close();
    }
}

fn sent(result: SendResult) -> Result<(), SendError> {
    match result {
        SendResult::Success(_) => Ok(()),
        SendResult::Failed(reason) => Err(SendError::Failed { reason }),
    }
}

/// The end of a connection that messages come out of. As a stream it ends when the connection does.
#[derive(Debug)]
pub struct Receiver {
    connection: Connection,
    messages: sync::Receiver<Vec<u8>>,
}

impl Receiver {
    /// The next message; `None` when the connection has ended.
    pub async fn receive(&mut self) -> Option<Vec<u8>> {
        poll_fn(|context| self.messages.poll_next(context)).await
    }

    /// How the connection is.
    pub fn state(&self) -> SocketState {
        self.connection.state()
    }

    /// Closes the connection.
    pub fn close(&self) {
        self.connection.close();
    }
}

impl Stream for Receiver {
    type Item = Vec<u8>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Vec<u8>>> {
        self.messages.poll_next(context)
    }
}

/// Why there is no connection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// The host did not try.
    #[error("the host did not open the connection")]
    Call(#[from] CallError),
    /// The host tried in vain. The text has no user, password, query or fragment of the URL.
    #[error("there is no connection to `{}`", without_secrets(url))]
    Failed {
        /// Where to.
        url: String,
    },
}

/// A URL without what may be a secret in it.
fn without_secrets(url: &str) -> String {
    let head = url.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = head.split_once("://") else { return head.to_owned() };
    let (authority, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}{path}")
}

/// Why a message was not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The connection has ended.
    #[error("the connection is closed")]
    Closed,
    /// The host did not take the message.
    #[error("the host did not send the message")]
    Call(#[from] CallError),
    /// The host took the message and could not send it.
    #[error("the message could not be sent: {reason}")]
    Failed {
        /// What the host says.
        reason: String,
    },
}

/// What both ends hold.
#[derive(Debug, Clone)]
struct Connection {
    socket: Arc<Mutex<Option<Arc<dyn WebSocket + Send + Sync>>>>,
    state: Watch<SocketState>,
}

impl Connection {
    fn socket(&self) -> Option<Arc<dyn WebSocket + Send + Sync>> {
        self.socket.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn state(&self) -> SocketState {
        match self.socket() {
            Some(_) => self.state.now(),
            None => SocketState::Closed,
        }
    }

    /// Whoever is sending holds the socket a moment longer; then the host hears of it.
    fn close(&self) {
        let socket = self.socket.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(socket);
    }
}

#[cfg(test)]
mod tests {
    use super::{ConnectError, Receiver, SendError, Sender, connect};
    use crate::{
        host::loopback::LoopbackHost,
        prelude::{CallError, async_trait},
        round_trips::tell,
        ws::{
            SocketState,
            wire::{
                SendResult, SocketBuilderService, SocketBuilderSimplified, WebSocket,
                WebSocketSimplified,
            },
        },
    };
    use std::{rc::Rc, sync::Arc};

    /// Opens what is not `ws://bad/`, and sends back what is not `bad`.
    #[derive(Debug)]
    struct Network;

    struct Echo(Box<dyn Fn(Vec<u8>) + Send + Sync>);

    impl std::fmt::Debug for Echo {
        fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            formatter.write_str("Echo")
        }
    }

    #[async_trait]
    impl SocketBuilderSimplified for Network {
        async fn connect(
            &self,
            url: String,
            state_change: Box<dyn Fn(SocketState) + Send + Sync>,
            receive: Box<dyn Fn(Vec<u8>) + Send + Sync>,
        ) -> Result<Arc<dyn WebSocket + Send + Sync>, CallError> {
            if url == "ws://denied/" {
                return Err(CallError::AccessDenied);
            }
            state_change(SocketState::Opening);
            let opened = url != "ws://bad/";
            state_change(if opened { SocketState::Opened } else { SocketState::Failed });
            Ok(Arc::new(Echo(receive)))
        }
    }

    #[async_trait]
    impl WebSocketSimplified for Echo {
        async fn send(&self, data: Vec<u8>) -> SendResult {
            if data == b"bad" {
                return SendResult::Failed("it is bad".to_owned());
            }
            let len = data.len();
            (self.0)(data);
            SendResult::Success(len)
        }

        async fn send_text(&self, text: String) -> SendResult {
            WebSocketSimplified::send(self, text.into_bytes()).await
        }
    }

    fn network() -> Rc<LoopbackHost> {
        let host = LoopbackHost::install();
        SocketBuilderService::listen(Arc::new(Network));
        host
    }

    fn open(host: &LoopbackHost) -> (Sender, Receiver) {
        tell(host, connect("ws://good/")).unwrap()
    }

    #[test]
    fn messages_go_both_ways_until_the_far_side_ends() {
        let host = network();
        let (sender, mut receiver) = open(&host);
        assert_eq!(sender.state(), SocketState::Opened);
        let (sender, mut receiver) = tell(&host, async move {
            assert_eq!(sender.send("one").await, Ok(()));
            assert_eq!(sender.send_text("two").await, Ok(()));
            let failed = SendError::Failed { reason: "it is bad".to_owned() };
            assert_eq!(sender.send("bad").await, Err(failed));
            assert_eq!(receiver.receive().await.as_deref(), Some(&b"one"[..]));
            (sender, receiver)
        });
        host.end_objects();
        let end = tell(&host, async move {
            assert_eq!(receiver.receive().await.as_deref(), Some(&b"two"[..]));
            (receiver.receive().await, sender)
        });
        assert_eq!(end.0, None);
        drop(end);
        assert_eq!(host.open(), 0);
    }

    #[test]
    fn one_end_may_close_the_other() {
        let host = network();
        let (sender, mut receiver) = open(&host);
        sender.close();
        assert_eq!(host.open(), 0);
        assert_eq!(receiver.state(), SocketState::Closed);
        let after = tell(&host, async move { (receiver.receive().await, sender.send("x").await) });
        assert_eq!(after, (None, Err(SendError::Closed)));
    }

    #[test]
    fn a_connection_lasts_as_long_as_either_end() {
        let host = network();
        let (sender, receiver) = open(&host);
        let other = sender.clone();
        drop(sender);
        drop(receiver);
        host.run();
        assert_eq!(host.open(), 1);
        drop(other);
        assert_eq!(host.open(), 0);
    }

    #[test]
    fn an_error_has_no_secret_of_the_url() {
        for (url, shown) in [
            ("wss://ann:hunter2@a.example/b@c?key=hunter2#hunter2", "wss://a.example/b@c"),
            ("wss://a.example?hunter2", "wss://a.example"),
            ("nothing", "nothing"),
        ] {
            let failed = ConnectError::Failed { url: url.to_owned() };
            assert_eq!(failed.to_string(), format!("there is no connection to `{shown}`"));
        }
    }

    #[test]
    fn what_cannot_be_opened_is_an_error() {
        let host = network();
        let failed = ConnectError::Failed { url: "ws://bad/".to_owned() };
        assert_eq!(failed.to_string(), "there is no connection to `ws://bad/`");
        assert_eq!(tell(&host, connect("ws://bad/")).err(), Some(failed));
        let denied = ConnectError::Call(CallError::AccessDenied);
        assert_eq!(tell(&host, connect("ws://denied/")).err(), Some(denied));
        host.run();
        assert_eq!(host.open(), 0);
    }
}
