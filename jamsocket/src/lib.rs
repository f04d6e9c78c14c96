//! Rooms for browsers and programs.
//!
//! A **room** is one instance of a service: state that several clients watch and change over
//! WebSocket. A service is a plain Rust type with a few callbacks. This crate holds what a service
//! and the host that runs it agree on, and nothing else: no sockets, no runtime, no WebAssembly.
//! It is apart from the server so that a service depends on something small that seldom changes.
//!
//! - [`SimpleJamsocketService`] is what you implement: one value is one room.
//! - [`JamsocketContext`] is how a service sends messages, sets its timer and writes to the log.
//! - [`ClientId`] names a client in its room, [`MessageRecipient`] whom a message is for.
//! - [`JamsocketService`] and [`JamsocketServiceFactory`] are the host's view of the same: how a
//!   sandboxed or native room is built and driven. [`SimpleJamsocketServiceFactory`] and
//!   [`WrappedJamsocketService`] lead from the first to the second.
//! - [`RoomCaller`] brings a [`RoomCall`] from elsewhere on a server to a room.
//! - The module `host` (feature `host`) has the `Room` that every host drives.
//! - The module `testing` (feature `testing`) has the `TestRoom` that a service's own tests drive.
//!
//! A chat room, whole:
//!
//! ```
//! use jamsocket::{ClientId, JamsocketContext, MessageRecipient, SimpleJamsocketService};
//! use std::collections::HashMap;
//!
//! #[derive(Default)]
//! struct Chat {
//!     names: HashMap<ClientId, String>,
//! }
//!
//! impl SimpleJamsocketService for Chat {
//!     fn new(_room_id: &str, _context: &impl JamsocketContext) -> Self {
//!         Self::default()
//!     }
//!
//!     fn connect(&mut self, client: ClientId, context: &impl JamsocketContext) {
//!         let name = format!("guest{}", u32::from(client));
//!         context.send_message(client, &format!("you are {name}; /nick NAME changes that"));
//!         let joined = format!("{name} is here");
//!         context.send_message(MessageRecipient::EveryoneExcept(client), &joined);
//!         self.names.insert(client, name);
//!     }
//!
//!     fn message(&mut self, client: ClientId, message: &str, context: &impl JamsocketContext) {
//!         let Some(name) = self.names.get_mut(&client) else { return };
//!         let line = match message.strip_prefix("/nick ") {
//!             Some(nick) => {
//!                 let before = std::mem::replace(name, nick.to_owned());
//!                 format!("{before} is now {nick}")
//!             }
//!             None => format!("{name}: {message}"),
//!         };
//!         context.send_message(MessageRecipient::Broadcast, &line);
//!     }
//!
//!     fn disconnect(&mut self, client: ClientId, context: &impl JamsocketContext) {
//!         if let Some(name) = self.names.remove(&client) {
//!             context.send_message(MessageRecipient::Broadcast, &format!("{name} has left"));
//!         }
//!     }
//! }
//! #
//! # // What the example does, where it can be run.
//! # #[cfg(feature = "testing")]
//! # {
//! #     let mut lobby = jamsocket::testing::TestRoom::<Chat>::new("lobby");
//! #     let (ann, bob) = (lobby.join(), lobby.join());
//! #     lobby.send(ann, "hello");
//! #     lobby.send(ann, "/nick ann");
//! #     lobby.leave(ann);
//! #     let (ann, bob) = (lobby.received(ann), lobby.received(bob));
//! #     assert_eq!(ann[1..], ["guest2 is here", "guest1: hello", "guest1 is now ann"]);
//! #     assert_eq!(bob[1..], ["guest1: hello", "guest1 is now ann", "ann has left"]);
//! # }
//! ```
//!
//! # Features
//!
//! | feature | what it adds |
//! |---|---|
//! | `host` | the module `host`: the `Room` that a server drives |
//! | `serde` | `Serialize` and `Deserialize` for [`ClientId`] |
//! | `testing` | the module `testing`: rooms in virtual time, for a service's own tests |

mod client_id;
mod context;
mod factory;
#[cfg(feature = "host")]
pub mod host;
mod recipient;
mod room_call;
mod service;
mod simple;
#[cfg(feature = "testing")]
pub mod testing;

pub use client_id::ClientId;
pub use context::{JamsocketContext, LogLevel};
pub use factory::{BuildError, JamsocketServiceFactory};
pub use recipient::MessageRecipient;
pub use room_call::{RoomCall, RoomCallError, RoomCaller};
pub use service::{JamsocketService, ServiceError, ServiceUsage};
pub use simple::{SimpleJamsocketService, SimpleJamsocketServiceFactory, WrappedJamsocketService};
