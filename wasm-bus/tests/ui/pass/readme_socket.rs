#![deny(warnings)]

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

#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum SocketState {
    Opened,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum SendResult {
    Success(usize),
}

fn main() {
    let opened = SocketBuilderClient::new("os").blocking_connect(
        "wss://example.com/".to_owned(),
        Box::new(|state| drop::<SocketState>(state)),
        Box::new(|data| drop::<Vec<u8>>(data)),
    );
    assert_eq!(opened.err(), Some(wasm_bus::CallError::Unsupported));
    let _ = (SocketState::Opened, SendResult::Success(0));
}
