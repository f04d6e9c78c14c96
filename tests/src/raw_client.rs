use crate::soon;
use socket2::{SockFilter, SockRef};
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};

/// A WebSocket client that sends whatever bytes a test likes, and reads only when told to.
#[derive(Debug)]
pub struct RawClient<S = TcpStream> {
    socket: S,
}

/// The head of a handshake without its first line.
const HANDSHAKE: &str = "Host: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

impl RawClient {
    /// Opens a WebSocket at this path.
    ///
    /// # Panics
    ///
    /// It was refused.
    pub async fn join(addr: SocketAddr, path: &str) -> Self {
        Self::connect(addr).await.upgraded(path).await
    }

    /// Opens a TCP connection, with nothing said yet.
    pub async fn connect(addr: SocketAddr) -> Self {
        Self { socket: soon("a connection", TcpStream::connect(addr)).await.unwrap() }
    }

    /// An upgrade request for this path.
    pub fn handshake(path: &str) -> String {
        format!("GET {path} HTTP/1.1\r\n{HANDSHAKE}")
    }

    /// Cuts the line to the peer: from here on nothing that it sends arrives, not even its
    /// acknowledgements, and it is not told.
    pub fn cut(&self) {
        let (return_value, nothing) = (0x06, 0);
        let keep_nothing = SockFilter::new(return_value, 0, 0, nothing);
        SockRef::from(&self.socket).attach_filter(&[keep_nothing]).unwrap();
    }

    /// Ends the connection with a reset.
    pub fn reset(self) {
        let socket = self.socket.into_std().unwrap();
        SockRef::from(&socket).set_linger(Some(Duration::ZERO)).unwrap();
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> RawClient<S> {
    /// A client on a connection that is there.
    pub fn through(connection: S) -> Self {
        Self { socket: connection }
    }

    /// Opens a WebSocket at this path.
    ///
    /// # Panics
    ///
    /// It was refused.
    pub async fn upgraded(mut self, path: &str) -> Self {
        self.request(path).await;
        let head = self.read_head().await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        self
    }

    /// Sends an upgrade request and reads nothing.
    pub async fn request(&mut self, path: &str) {
        self.write(RawClient::<TcpStream>::handshake(path).as_bytes()).await;
    }

    /// Sends bytes as they are.
    pub async fn write(&mut self, bytes: &[u8]) {
        soon("bytes to be sent", self.socket.write_all(bytes)).await.unwrap();
    }

    /// Sends bytes one at a time, with so much time after each. Where the peer takes no more of
    /// them, the rest is left.
    pub async fn drip(&mut self, bytes: &[u8], pause: Duration) {
        for byte in bytes {
            if soon("a byte to be sent", self.socket.write_all(&[*byte])).await.is_err() {
                return;
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// Sends the same bytes again and again, until the peer takes no more of them or they have been
    /// sent so many times. Returns how often they were.
    pub async fn repeat(&mut self, bytes: &[u8], times: usize) -> usize {
        for sent in 0..times {
            if soon("bytes to be sent", self.socket.write_all(bytes)).await.is_err() {
                return sent;
            }
        }
        times
    }

    /// Sends a frame with this first byte, masked with zeros.
    pub async fn send(&mut self, first: u8, payload: &[u8]) {
        self.write(&frame(first, payload)).await;
    }

    /// Reads an HTTP head.
    pub async fn read_head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(soon("a head", self.socket.read_u8()).await.expect("a whole head"));
        }
        String::from_utf8(head).unwrap()
    }

    /// Reads this many bytes.
    pub async fn read_bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        soon("bytes", self.socket.read_exact(&mut bytes)).await.unwrap();
        bytes
    }

    /// Reads one short frame: its first byte and its payload.
    pub async fn read(&mut self) -> (u8, Vec<u8>) {
        soon("a frame", async {
            let first = self.socket.read_u8().await.unwrap();
            let length = match self.socket.read_u8().await.unwrap() {
                126 => self.socket.read_u16().await.unwrap() as usize,
                127 => self.socket.read_u64().await.unwrap() as usize,
                short => short.into(),
            };
            let mut payload = vec![0; length];
            self.socket.read_exact(&mut payload).await.unwrap();
            (first, payload)
        })
        .await
    }

    /// Reads a Close, before which only pings may come, and returns its code.
    pub async fn read_close(&mut self) -> u16 {
        loop {
            match self.read().await {
                (0x88, payload) => return u16::from_be_bytes([payload[0], payload[1]]),
                (0x89, _) => {}
                other => panic!("read {other:?} instead of a Close"),
            }
        }
    }

    /// Reads until the server ends the connection. Returns how many bytes came.
    pub async fn read_to_end(&mut self) -> usize {
        self.read_all().await.len()
    }

    /// Reads until the server ends the connection. Returns what came.
    pub async fn read_all(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        // A reset is an end as well.
        let _ = soon("the end of the connection", self.socket.read_to_end(&mut rest)).await;
        rest
    }

    /// Sends whatever until the connection breaks, and reads nothing.
    pub async fn write_to_end(&mut self) {
        let junk = [0; 1_024];
        soon("the connection to break", async {
            while self.socket.write_all(&junk).await.is_ok() {}
        })
        .await;
    }
}

/// A short frame of a client's with this first byte, masked with zeros.
///
/// # Panics
///
/// The payload is longer than 125 bytes.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    assert!(payload.len() < 126, "longer frames are not needed here");
    let mut frame = vec![first, 0x80 | payload.len() as u8, 0, 0, 0, 0];
    frame.extend_from_slice(payload);
    frame
}
