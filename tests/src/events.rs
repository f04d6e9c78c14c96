use crate::{RawClient, soon};
use serde_json::Value;
use std::net::SocketAddr;

/// What a page of the playground is told: a stream of events with a name and JSON.
#[derive(Debug)]
pub struct Events {
    client: RawClient,
    /// What has come of an event that is not whole yet.
    rest: String,
}

impl Events {
    /// Listens to the server there.
    ///
    /// # Panics
    ///
    /// It is not let.
    pub async fn listen(addr: SocketAddr) -> Self {
        Self::listen_at(addr, "/_/events").await
    }

    /// Listens to a server that tells its events at this path.
    ///
    /// # Panics
    ///
    /// It is not let.
    pub async fn listen_at(addr: SocketAddr, path: &str) -> Self {
        let mut client = RawClient::connect(addr).await;
        client.write(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes()).await;
        let head = client.read_head().await;
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        assert!(head.contains("content-type: text/event-stream\r\n"), "{head}");
        Self { client, rest: String::new() }
    }

    /// The data of the next event of this name.
    ///
    /// # Panics
    ///
    /// The stream ends before, or there is none in time.
    pub async fn next(&mut self, name: &str) -> Value {
        self.find(name, |_| true).await
    }

    /// The data of the next event of this name that is as it is expected to be.
    ///
    /// # Panics
    ///
    /// The stream ends before, or there is none in time.
    pub async fn find(&mut self, name: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        soon(name, async {
            loop {
                let (found, data) = self.event().await.expect("the stream goes on");
                if found == name && is_it(&data) {
                    return data;
                }
            }
        })
        .await
    }

    /// Hears all that is told until the stream ends as it should, and not with its connection.
    ///
    /// # Panics
    ///
    /// It does not end in time.
    pub async fn end(mut self) {
        soon("the end of the stream", async { while self.event().await.is_some() {} }).await;
    }

    /// The connection, for what a page would not do.
    pub fn into_client(self) -> RawClient {
        self.client
    }

    /// The next event, or `None` at the end of the stream.
    async fn event(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((event, rest)) = self.rest.split_once("\n\n") {
                let (name, data) = event.split_once("\ndata: ").expect("an event with data");
                let name = name.strip_prefix("event: ").expect("a name").to_owned();
                let data = serde_json::from_str(data).expect("JSON");
                self.rest = rest.to_owned();
                return Some((name, data));
            }
            let chunk = self.chunk().await?;
            self.rest.push_str(&chunk);
        }
    }

    /// The next chunk of the body (RFC 9112, section 7.1), or `None` where that was the last.
    async fn chunk(&mut self) -> Option<String> {
        let mut size = Vec::new();
        while !size.ends_with(b"\r\n") {
            size.extend(self.client.read_bytes(1).await);
        }
        let size = String::from_utf8(size).unwrap();
        let size = usize::from_str_radix(size.trim_end(), 16).expect("the size of a chunk");
        let chunk = self.client.read_bytes(size + 2).await;
        (size > 0).then(|| String::from_utf8(chunk[..size].to_vec()).unwrap())
    }
}
