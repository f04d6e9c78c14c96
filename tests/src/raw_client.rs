use crate::soon;
use std::net::SocketAddr;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A WebSocket client that sends whatever bytes a test likes, and reads only when told to.
#[derive(Debug)]
pub struct RawClient {
    socket: TcpStream,
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
        let mut client = Self::connect(addr).await;
        client.write(format!("GET {path} HTTP/1.1\r\n{HANDSHAKE}").as_bytes()).await;
        let head = client.read_head().await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        client
    }

    /// Opens a TCP connection, with nothing said yet.
    pub async fn connect(addr: SocketAddr) -> Self {
        Self { socket: soon("a connection", TcpStream::connect(addr)).await.unwrap() }
    }

    /// Sends an upgrade request and reads nothing.
    pub async fn request(&mut self, path: &str) {
        self.write(format!("GET {path} HTTP/1.1\r\n{HANDSHAKE}").as_bytes()).await;
    }

    /// Sends bytes as they are.
    pub async fn write(&mut self, bytes: &[u8]) {
        soon("bytes to be sent", self.socket.write_all(bytes)).await.unwrap();
    }

    /// Sends a frame with this first byte, masked with zeros.
    pub async fn send(&mut self, first: u8, payload: &[u8]) {
        assert!(payload.len() < 126, "longer frames are not needed here");
        let mut frame = vec![first, 0x80 | payload.len() as u8, 0, 0, 0, 0];
        frame.extend_from_slice(payload);
        self.write(&frame).await;
    }

    /// Reads an HTTP head.
    pub async fn read_head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(soon("a head", self.socket.read_u8()).await.expect("a whole head"));
        }
        String::from_utf8(head).unwrap()
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

    /// Reads a Close and returns its code.
    pub async fn read_close(&mut self) -> u16 {
        let (first, payload) = self.read().await;
        assert_eq!(first, 0x88, "a Close, not {payload:?}");
        u16::from_be_bytes([payload[0], payload[1]])
    }

    /// Reads until the server ends the connection. Returns how many bytes came.
    pub async fn read_to_end(&mut self) -> usize {
        let mut rest = Vec::new();
        // A reset is an end as well.
        let _ = soon("the end of the connection", self.socket.read_to_end(&mut rest)).await;
        rest.len()
    }

    /// Ends the connection with a reset.
    pub fn reset(self) {
        let socket = self.socket.into_std().unwrap();
        socket2::SockRef::from(&socket).set_linger(Some(std::time::Duration::ZERO)).unwrap();
    }
}
