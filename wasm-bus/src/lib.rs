//! Calls between WebAssembly modules, and to what runs them.
//!
//! What can be called is a trait with the attribute [`#[wasm_bus]`](macros::wasm_bus) on it. A module
//! serves it by implementing the trait's simplified form, and any other calls it by its client:
//!
//! ```
//! use std::sync::Arc;
//! use wasm_bus::prelude::*;
//!
//! #[wasm_bus(format = "json")]
//! pub trait Calc {
//!     async fn add(&self, a: i32, b: i32) -> i32;
//! }
//!
//! #[derive(Debug)]
//! struct Server;
//!
//! #[async_trait]
//! impl CalcSimplified for Server {
//!     async fn add(&self, a: i32, b: i32) -> i32 {
//!         a + b
//!     }
//! }
//!
//! // The `main` of one module:
//! CalcService::listen(Arc::new(Server));
//! CalcService::serve();
//!
//! // In another, where `calc` is the name of the first:
//! let sum = CalcClient::new("calc").blocking_add(2, 3);
//! # assert_eq!(sum, Err(CallError::Unsupported));
//! ```
//!
//! The trait is in a crate that both modules depend on: its path is a part of what is called.
//!
//! # What there is
//!
//! - [`macros`]: the attribute, with all that it makes, and [`prelude`], which has it and its company.
//! - [`task`]: tasks beside each other, and waiting for them.
//! - [`time`]: sleeping, and waiting no longer than that.
//! - [`log`]: the host's log.
//! - [`http`]: requests that the host makes.
//! - [`ws`]: connections that it opens.
//! - [`process`]: programs that it starts.
//! - [`rooms`]: calls to the rooms of a server.
//! - [`abi`]: calls one by one, without a trait; [`rt`] and the rest of what the published crate of
//!   this name has.
//!
//! # In a module
//!
//! A module has one thread, and runs only while its host calls it. A program may wait in its `main`, by
//! [`task::block_on`] and by methods whose names begin with `blocking_`. Where the host waits for the
//! module, in a service's methods and in a room's callbacks, it may not: there one `.await`s, or
//! [spawns](task::spawn) a task.
//!
//! What is spawned runs when the module next waits, or before a call of the bus's host ends. A room, whose
//! host calls it by other functions too, has its tasks run at the end of those by [`task::run_ready`].
//!
//! Exports and imports exist on wasm32 alone. Elsewhere there is no host: every call fails with
//! [`CallError::Unsupported`], nothing is listened to, and code can be compiled and tested that does
//! more than that.
//!
//! # Features
//!
//! - `macros` (on by default): the attribute, and the clients of the host's functions, which it makes.
//! - `rt` (on by default) and `syscalls` are features of the published crate. What they stand for is
//!   always there.

// The clients in here are made by the attribute, which names this crate as its users do.
#[allow(unused_extern_crates, reason = "the lint does not see the names in what a macro makes")]
extern crate self as wasm_bus;

pub mod abi;
mod call;
mod engine;
mod error;
mod exports;
mod format;
mod handle;
mod host;
#[cfg(feature = "macros")]
pub mod http;
#[cfg(feature = "macros")]
pub mod log;
#[cfg(feature = "macros")]
pub mod macros;
pub mod prelude;
#[cfg(feature = "macros")]
pub mod process;
#[cfg(feature = "macros")]
pub mod rooms;
#[cfg(all(test, feature = "macros"))]
mod round_trips;
pub mod rt;
mod serve;
mod session;
#[cfg(feature = "macros")]
mod sync;
pub mod task;
#[cfg(feature = "macros")]
pub mod time;
#[cfg(feature = "macros")]
pub mod ws;

pub use call::CallInstance;
pub use error::CallError;
pub use format::SerializationFormat;
pub use handle::CallHandle;

/// The name under which the host's own functions are called.
pub const OS: &str = "os";

#[doc(hidden)]
pub use async_trait;
#[doc(hidden)]
pub use serde;

/// What the attribute's expansion uses. It may change in any release.
#[doc(hidden)]
pub mod __private {
    pub use crate::call::Target;
    pub use crate::engine::InboundCall;
    pub use crate::serve::{listen_on, respond_to_on};
}
