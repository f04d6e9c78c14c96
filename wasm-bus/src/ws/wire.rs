//! The host's functions for sockets.

use crate::macros::wasm_bus;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What opens connections.
#[wasm_bus(format = "bincode", path = "wasm_bus_ws::api")]
pub(super) trait SocketBuilder {
    /// Begins to open one; its state tells how it goes.
    async fn connect(
        &self,
        url: String,
        state_change: impl Fn(SocketState),
        receive: impl Fn(Vec<u8>),
    ) -> Arc<dyn WebSocket>;
}

/// A connection.
#[wasm_bus(format = "bincode", path = "wasm_bus_ws::api")]
pub(super) trait WebSocket {
    /// Sends a binary message.
    async fn send(&self, data: Vec<u8>) -> SendResult;

    /// Sends a text message.
    async fn send_text(&self, text: String) -> SendResult;
}

/// How a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SocketState {
    /// It is being opened.
    Opening,
    /// It is open.
    Opened,
    /// It was open, and has been closed by either side.
    Closed,
    /// It could not be opened, or has broken.
    Failed,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum SendResult {
    /// So many bytes are on their way.
    Success(usize),
    Failed(String),
}
