//! Makes a WebAssembly module of a Jamsocket service.
//!
//! A service is a type that implements [`SimpleJamsocketService`]: one value is one room. With the
//! attribute [`#[jamsocket_wasm]`](macro@jamsocket_wasm) on it, its crate is a module that a host
//! loads and runs in a sandbox, one instance a room:
//!
//! ```
//! use jamsocket_wasm::prelude::*;
//!
//! #[jamsocket_wasm]
//! struct SharedCounterServer(i32);
//!
//! impl SimpleJamsocketService for SharedCounterServer {
//!     fn new(_room_id: &str, _context: &impl JamsocketContext) -> Self {
//!         SharedCounterServer(0)
//!     }
//!
//!     fn message(&mut self, _client: ClientId, message: &str, context: &impl JamsocketContext) {
//!         match message {
//!             "increment" => self.0 += 1,
//!             "decrement" => self.0 -= 1,
//!             _ => return,
//!         }
//!         let value = format!("new value: {}", self.0);
//!         context.send_message(MessageRecipient::Broadcast, &value);
//!     }
//! }
//! ```
//!
//! The crate asks for `crate-type = ["cdylib", "rlib"]` under `[lib]`: the first is the module, the
//! second lets tests and native servers use the same service. On any target but wasm32 the attribute
//! adds no exports, so `cargo test` runs a service's tests as it does any other's. What they are written
//! with is the `TestRoom` of `jamsocket::testing`: `cargo add --dev jamsocket --features testing`.
//!
//! # In the sandbox
//!
//! - A module has one thread, and its host makes one call at a time.
//! - Under `wasm32-wasip1` there are clocks, randomness, standard output and standard error, but no
//!   files, no environment and no network.
//! - What a service writes to standard output or error goes to the host's log line by line, as
//!   information and as warnings. [`JamsocketContext::log`] writes there too: `Error` and `Warn` to
//!   standard error, the rest to standard output.
//! - A panic writes its message there and then ends the room. `wasm32-unknown-unknown` works too,
//!   but has neither clocks nor a place to write to, so there a panic says nothing.
//! - A message to a client that no room can have, such as `ClientId::from(0)`, goes nowhere.
//!
//! # Tasks
//!
//! A callback cannot wait: its room stands still until it returns. With the feature `bus` it can start a
//! task that does, for a moment to pass, a web server, a program or another room (see [`bus`]). The task
//! sends by itself, or comes back to the service between two callbacks:
//!
//! ```
//! # #[cfg(feature = "bus")] {
//! use jamsocket_wasm::{bus::time::sleep, prelude::*, spawn, with};
//! use std::time::Duration;
//!
//! struct Game { rounds: u32 }
//!
//! impl SimpleJamsocketService for Game {
//!     fn new(_room_id: &str, _context: &impl JamsocketContext) -> Self {
//!         Game { rounds: 0 }
//!     }
//!
//!     fn message(&mut self, _client: ClientId, _message: &str, context: &impl JamsocketContext) {
//!         context.send_message(MessageRecipient::Broadcast, "ready");
//!         spawn(async {
//!             let _ = sleep(Duration::from_secs(1)).await;
//!             with(|game: &mut Game, context| {
//!                 game.rounds += 1;
//!                 context.send_message(MessageRecipient::Broadcast, &format!("go {}", game.rounds));
//!             });
//!         });
//!     }
//! }
//! # }
//! ```
//!
//! Tasks run when a callback has returned, and when what they wait for has come. They end with the room.
//! A native service uses its host's runtime in their place, with a clone of its context.

mod exports;
mod guest;
#[cfg(target_arch = "wasm32")]
mod imports;
pub mod prelude;
#[cfg(feature = "bus")]
mod tasks;

#[cfg(feature = "bus")]
pub use tasks::{Context, JoinHandle, spawn, with};
/// Calls to the host, to programs and to other rooms: what a task waits for.
#[cfg(feature = "bus")]
pub use wasm_bus as bus;

pub use jamsocket::{
    BuildError, ClientId, JamsocketContext, JamsocketService, JamsocketServiceFactory, LogLevel,
    MessageRecipient, ServiceError, SimpleJamsocketService, SimpleJamsocketServiceFactory,
    WrappedJamsocketService,
};

/// Exports a service from its crate, which thereby becomes a module that hosts can load.
///
/// It goes, bare, on the struct or the enum that implements [`SimpleJamsocketService`], or on an
/// alias of one:
///
/// ```
/// use jamsocket_wasm::prelude::*;
/// use std::marker::PhantomData;
///
/// struct Game<Rules>(PhantomData<Rules>);
/// struct Chess;
///
/// impl<Rules: Unpin + Send + Sync + 'static> SimpleJamsocketService for Game<Rules> {
///     fn new(_room_id: &str, _context: &impl JamsocketContext) -> Self {
///         Game(PhantomData)
///     }
/// }
///
/// #[jamsocket_wasm]
/// type ChessGame = Game<Chess>;
/// ```
///
/// - A module is one service, so a generic type is exported through an alias with its parameters
///   filled in, and a crate has the attribute once. Nor can such a crate depend on another one: the
///   two would export the same names.
/// - The exports exist on wasm32 alone.
/// - They hold what is unsafe about them to themselves: the crate may `#![forbid(unsafe_code)]`.
/// - `jamsocket-wasm` has to be a dependency of the crate, under this name.
pub use jamsocket_wasm_macro::jamsocket_wasm;

/// What the attribute's expansion uses. It may change in any release.
#[doc(hidden)]
pub mod __private {
    pub use crate::exports::{allocate, bytes, free, opened, run_tasks, text};
    pub use crate::guest::Guest;
    #[cfg(target_arch = "wasm32")]
    pub use crate::imports::Host;
}
