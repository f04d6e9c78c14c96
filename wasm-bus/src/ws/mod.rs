//! WebSocket connections, which the host opens.
//!
//! ```no_run
//! use wasm_bus::{task::block_on, ws};
//!
//! block_on(async {
//!     let (sender, mut receiver) = ws::connect("wss://example.com/echo").await?;
//!     sender.send(b"hello".to_vec()).await?;
//!     println!("{:?}", receiver.receive().await);
//!     Ok::<(), Box<dyn std::error::Error>>(())
//! })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What comes is the same whether it was sent as text or as bytes. The connection is closed when the receiver and all clones of the
//! sender are dropped, or one of them says [`close`](Sender::close).

mod socket;
mod wire;

pub use socket::{ConnectError, Receiver, SendError, Sender, connect};
pub use wire::SocketState;
