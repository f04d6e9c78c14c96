//! Runs WebAssembly modules as Jamsocket services.
//!
//! A module that exports Jamsocket's guest interface becomes a
//! [`JamsocketServiceFactory`](jamsocket::JamsocketServiceFactory) here. It is compiled once and
//! linked once; each room is an instance of its own, with a memory, a stack and limits of its own,
//! and can reach nothing but its room: it sends messages, sets its timer, reads clocks and random
//! numbers, and writes to the log.
//!
//! - [`WasmHostFactory`] loads a module. What is wrong with one is a [`LoadError`], which lists
//!   every [`InterfaceFault`] at once.
//! - [`ModuleReport`] looks at a module without serving it: its exports and imports beside what they
//!   have to be, its size and its memory, and whether it would be loaded.
//! - [`WasmEngine`] is what modules share: compiled code, the pool that rooms are taken from, and
//!   the clock that makes guests take turns. A server that hosts several modules gives them one.
//! - [`GuestLimits`] bounds what a room may use, and all rooms together.
//! - [`WasmService`] is one room's instance, driven by its host as any other service.
//!
//! # What a guest cannot do
//!
//! Whatever a guest does, it ends its own room at most. A trap, a bad pointer, text that is not
//! UTF-8, and a callback that takes too long are each a
//! [`ServiceError`](jamsocket::ServiceError); the instance is dropped with the first and never
//! called again. A guest that computes yields its thread every millisecond, so that the other rooms
//! of that thread go on.
//!
//! # Example
//!
//! Rooms are created and driven on a Tokio runtime with its timers on.
//!
//! ```
//! use jamsocket::{ClientId, JamsocketContext, JamsocketService, JamsocketServiceFactory};
//! use jamsocket::MessageRecipient;
//! use jamsocket_wasm_host::WasmHostFactory;
//!
//! struct Printed;
//!
//! impl JamsocketContext for Printed {
//!     fn send_message(&self, recipient: impl Into<MessageRecipient>, message: &str) {
//!         println!("to {:?}: {message}", recipient.into());
//!     }
//!     fn send_binary(&self, _: impl Into<MessageRecipient>, _: &[u8]) {}
//!     fn set_timer(&self, _: u32) {}
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Greets everyone. Rust services get these exports from `#[jamsocket_wasm]`.
//! let factory: WasmHostFactory<Printed> = WasmHostFactory::from_bytes(br#"(module
//!     (import "env" "send_message" (func $send (param i32 i32 i32)))
//!     (memory (export "memory") 1)
//!     (data (i32.const 8) "hello")
//!     (func (export "connect") (param i32) (call $send (local.get 0) (i32.const 8) (i32.const 5)))
//!     (func (export "jam_malloc") (param i32) (result i32) (i32.const 1024))
//!     (func (export "jam_free") (param i32 i32))
//!     (func (export "initialize") (param i32 i32))
//!     (func (export "disconnect") (param i32))
//!     (func (export "message") (param i32 i32 i32))
//!     (func (export "binary") (param i32 i32 i32))
//!     (func (export "timer")))"#)?;
//!
//! let mut lobby = factory.create("lobby", Printed).await?;
//! lobby.connect(ClientId::from(1)).await?;
//! # Ok(())
//! # }
//! ```

mod budget;
mod bus;
mod capacity;
mod code_cache;
mod engine;
mod error;
mod factory;
mod guest;
mod handover;
mod imports;
mod interface;
mod limits;
mod load;
mod log_lines;
mod machine;
mod memory;
mod module;
mod program;
mod report;
mod room_limits;
mod room_state;
mod service;
mod stdout;
mod text;
mod ticker;
mod total_memory;
mod trap;
mod wasi;

pub use bus::{Bus, Grants, RoomPattern, RoomPatternError, UrlPattern, UrlPatternError};
pub use code_cache::CodeCacheError;
pub use engine::{EngineError, WasmEngine};
pub use error::LoadError;
pub use factory::WasmHostFactory;
pub use interface::{InterfaceFault, InterfaceItem};
pub use limits::GuestLimits;
pub use program::{Program, ProgramError};
pub use report::{MemorySize, ModuleReport};
pub use service::WasmService;
