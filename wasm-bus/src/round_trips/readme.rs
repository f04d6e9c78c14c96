//! The two examples of the published crate's README, word for word, and what they come to.

use super::tell;
use crate::{host::loopback::LoopbackHost, prelude::CallError};

mod time {
    use wasm_bus::macros::*;

    #[wasm_bus(format = "json")]
    pub trait Time {
        async fn sleep(&self, duration_ms: u128);
    }
}

mod socket {
    use super::{SendResult, SocketState};

    use serde::*;
    use std::sync::Arc;
    use wasm_bus::macros::*;

    #[wasm_bus(format = "bincode")]
    pub trait SocketBuilder {
        async fn connect(
            &self,
            url: String,
            state_change: impl Fn(SocketState),
            receive: impl Fn(Vec<u8>),
        ) -> Arc<dyn WebSocket>;
    }

    #[wasm_bus(format = "bincode")]
    pub trait WebSocket {
        async fn send(&self, data: Vec<u8>) -> SendResult;
    }

    /// The example has serde in scope, for types that it does not show.
    pub(super) fn needs_serde<T: Serialize>() {}
}

use socket::{SocketBuilderClient, SocketBuilderService, SocketBuilderSimplified};
use socket::{WebSocket, WebSocketSimplified};
use std::sync::{Arc, Mutex};
use time::{TimeClient, TimeService, TimeSimplified};

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub(super) enum SocketState {
    Opening,
    Opened,
}

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub(super) enum SendResult {
    Success(usize),
    Failed(String),
}

#[derive(Debug, Default)]
struct Clock(Mutex<Vec<u128>>);

#[async_trait::async_trait]
impl TimeSimplified for Clock {
    async fn sleep(&self, duration_ms: u128) {
        self.0.lock().expect("no test panics in here").push(duration_ms);
    }
}

#[test]
fn time_can_be_asked_to_pass() {
    let host = LoopbackHost::install();
    let clock = Arc::new(Clock::default());
    TimeService::listen(Arc::clone(&clock) as _);
    let slept = tell(&host, async { TimeClient::new("clock").sleep(u128::MAX).await });
    assert_eq!(slept, Ok(()));
    assert_eq!(*clock.0.lock().unwrap(), [u128::MAX]);
}

#[derive(Debug)]
struct Network;

struct Socket {
    receive: Box<dyn Fn(Vec<u8>) + Send + Sync>,
}

impl std::fmt::Debug for Socket {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Socket")
    }
}

#[async_trait::async_trait]
impl SocketBuilderSimplified for Network {
    async fn connect(
        &self,
        url: String,
        state_change: Box<dyn Fn(SocketState) + Send + Sync>,
        receive: Box<dyn Fn(Vec<u8>) + Send + Sync>,
    ) -> Result<Arc<dyn WebSocket + Send + Sync>, CallError> {
        state_change(SocketState::Opening);
        if url.is_empty() {
            return Err(CallError::BadRequest);
        }
        state_change(SocketState::Opened);
        Ok(Arc::new(Socket { receive }))
    }
}

#[async_trait::async_trait]
impl WebSocketSimplified for Socket {
    async fn send(&self, data: Vec<u8>) -> SendResult {
        if data.is_empty() {
            return SendResult::Failed("nothing to send".to_owned());
        }
        let len = data.len();
        (self.receive)(data);
        SendResult::Success(len)
    }
}

#[test]
fn a_socket_echoes_while_it_lives() {
    socket::needs_serde::<SocketState>();
    let host = LoopbackHost::install();
    SocketBuilderService::listen(Arc::new(Network));
    let (states, echoes) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
    let (state_log, echo_log) = (Arc::clone(&states), Arc::clone(&echoes));
    tell(&host, async move {
        let socket = SocketBuilderClient::new("network")
            .connect(
                "wss://example.com/".to_owned(),
                Box::new(move |state| state_log.lock().unwrap().push(state)),
                Box::new(move |data| echo_log.lock().unwrap().push(data)),
            )
            .await?;
        assert_eq!(socket.send(b"hello".to_vec()).await, Ok(SendResult::Success(5)));
        let failed = SendResult::Failed("nothing to send".to_owned());
        assert_eq!(socket.send(Vec::new()).await, Ok(failed));
        Ok::<(), CallError>(())
    })
    .unwrap();
    assert_eq!(*states.lock().unwrap(), [SocketState::Opening, SocketState::Opened]);
    assert_eq!(*echoes.lock().unwrap(), [b"hello".to_vec()]);
    assert_eq!(host.open(), 0);
}
