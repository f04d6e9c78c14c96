use crate::{RawClient, soon};
use std::net::SocketAddr;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};

/// An HTTP answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its head, as it came.
    pub head: String,
    /// Its body.
    pub body: String,
}

/// Makes an HTTP request without a body, such as `http(addr, "GET /status")`.
///
/// # Panics
///
/// There was no answer.
pub async fn http(addr: SocketAddr, request: &str) -> Answer {
    let answer = soon("an answer", async {
        let mut socket = TcpStream::connect(addr).await.unwrap();
        let head = "HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
        socket.write_all(format!("{request} {head}").as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    })
    .await;
    let (head, body) = answer.split_once("\r\n\r\n").expect("an HTTP answer");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    Answer { status: status.expect("a status"), head: head.to_owned(), body: body.to_owned() }
}

impl<S: AsyncRead + AsyncWrite + Unpin> RawClient<S> {
    /// Reads an HTTP answer that says how long its body is.
    pub async fn read_answer(&mut self) -> Answer {
        let head = self.read_head().await.trim_end().to_owned();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .and_then(|length| length.parse().ok());
        let body = self.read_bytes(length.expect("a length")).await;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        Answer { status: status.expect("a status"), head, body: String::from_utf8(body).unwrap() }
    }

    /// Reads the status of an HTTP answer.
    pub async fn read_status(&mut self) -> u16 {
        let head = self.read_head().await;
        head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status")
    }
}
