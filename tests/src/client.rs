use crate::soon;
use futures_util::{SinkExt, StreamExt};
use std::net::SocketAddr;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, client_async, connect_async,
    tungstenite::{self, Message, protocol::CloseFrame},
};

/// A WebSocket client that keeps the protocol. Every wait of it is bounded.
#[derive(Debug)]
pub struct Client<S = MaybeTlsStream<TcpStream>> {
    socket: WebSocketStream<S>,
}

/// An upgrade that was answered with something else.
#[derive(Debug)]
pub struct Refused {
    /// The HTTP status.
    pub status: u16,
    /// The text of the answer.
    pub text: String,
    /// Whether it says when to come back.
    pub retry_after: Option<String>,
}

impl Client {
    /// Opens a WebSocket at this path, such as `/ws/1`.
    ///
    /// # Panics
    ///
    /// It was refused.
    pub async fn join(addr: SocketAddr, path: &str) -> Self {
        match Self::try_join(addr, path).await {
            Ok(client) => client,
            Err(refused) => panic!("{path} was refused: {refused:?}"),
        }
    }

    /// Opens a WebSocket at this path.
    ///
    /// # Errors
    ///
    /// It was answered with another status than 101.
    pub async fn try_join(addr: SocketAddr, path: &str) -> Result<Self, Refused> {
        match soon("an upgrade", connect_async(format!("ws://{addr}{path}"))).await {
            Ok((socket, _)) => Ok(Self { socket }),
            Err(tungstenite::Error::Http(response)) => Err(Refused {
                status: response.status().as_u16(),
                retry_after: response
                    .headers()
                    .get("retry-after")
                    .and_then(|value| Some(value.to_str().ok()?.to_owned())),
                text: String::from_utf8_lossy(response.body().as_deref().unwrap_or_default())
                    .into_owned(),
            }),
            Err(error) => panic!("cannot connect to {addr}{path}: {error}"),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    /// Opens a WebSocket at this path through a connection that is there.
    ///
    /// # Panics
    ///
    /// It was refused.
    pub async fn through(connection: S, path: &str) -> Self {
        let url = format!("ws://localhost{path}");
        match soon("an upgrade", client_async(url, connection)).await {
            Ok((socket, _)) => Self { socket },
            Err(error) => panic!("{path} was refused: {error}"),
        }
    }

    /// Sends a text message.
    pub async fn say(&mut self, text: &str) {
        self.send(Message::text(text)).await;
    }

    /// Sends a binary message.
    pub async fn say_binary(&mut self, bytes: &[u8]) {
        self.send(Message::binary(bytes.to_vec())).await;
    }

    /// Sends a ping and waits for its pong.
    pub async fn ping(&mut self, payload: &[u8]) {
        self.send(Message::Ping(payload.to_vec().into())).await;
        let pong = soon("a pong", self.socket.next()).await.unwrap().unwrap();
        assert_eq!(pong, Message::Pong(payload.to_vec().into()));
    }

    /// The next message, which is a text. Pings are answered on the way.
    pub async fn hear(&mut self) -> String {
        match self.next().await {
            Message::Text(text) => text.as_str().to_owned(),
            other => panic!("heard {other:?} instead of a text"),
        }
    }

    /// The next message, which is a text, or the code that the server closes the WebSocket with.
    ///
    /// # Errors
    ///
    /// It is closed.
    pub async fn hear_text_or_close(&mut self) -> Result<String, u16> {
        match self.next().await {
            Message::Text(text) => Ok(text.as_str().to_owned()),
            Message::Close(Some(CloseFrame { code, .. })) => {
                self.hear_end().await;
                Err(code.into())
            }
            other => panic!("heard {other:?} instead of a text or a Close"),
        }
    }

    /// The next message, which is a binary one.
    pub async fn hear_binary(&mut self) -> Vec<u8> {
        match self.next().await {
            Message::Binary(bytes) => bytes.to_vec(),
            other => panic!("heard {other:?} instead of a binary message"),
        }
    }

    /// Waits for a ping of the server, and answers it.
    pub async fn hear_ping(&mut self) {
        match soon("a ping", self.socket.next()).await {
            Some(Ok(Message::Ping(_))) => {}
            other => panic!("heard {other:?} instead of a ping"),
        }
        self.socket.flush().await.unwrap();
    }

    /// Waits until the server closes the WebSocket, and answers it. Returns code and reason.
    pub async fn hear_close(&mut self) -> (u16, String) {
        let close = match self.next().await {
            Message::Close(Some(CloseFrame { code, reason })) => {
                (code.into(), reason.as_str().to_owned())
            }
            other => panic!("heard {other:?} instead of a Close"),
        };
        self.hear_end().await;
        close
    }

    /// Closes the WebSocket and waits for the server's answer.
    pub async fn leave(mut self) {
        self.socket.close(None).await.unwrap();
        match self.next().await {
            Message::Close(_) => {}
            other => panic!("heard {other:?} instead of a Close"),
        }
        self.hear_end().await;
    }

    /// Drops the socket without a Close.
    pub fn vanish(self) {
        drop(self);
    }

    /// Waits until the server ends the TCP connection.
    async fn hear_end(&mut self) {
        match soon("the end of the connection", self.socket.next()).await {
            None | Some(Err(_)) => {}
            Some(Ok(message)) => panic!("heard {message:?} after a Close"),
        }
    }

    async fn send(&mut self, message: Message) {
        soon("a message to be sent", self.socket.send(message)).await.unwrap();
    }

    async fn next(&mut self) -> Message {
        loop {
            let message = soon("a message", self.socket.next()).await;
            match message.expect("the connection is open").expect("the protocol is kept") {
                Message::Ping(_) | Message::Pong(_) => {}
                message => return message,
            }
        }
    }
}
