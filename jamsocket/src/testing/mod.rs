//! Tests for services: a room in virtual time, without a server, a socket or a sandbox.
//!
//! A [`TestRoom`] is a room of a service, with clients that are nothing but their ids. They join, send
//! and leave, time passes when the test says so, and the test asks what each has received. It drives
//! the same [`Room`](crate::host::Room) that a server drives, so that every rule of rooms holds: who
//! gets a broadcast, when a timer fires, how much a callback may send, when an empty room ends.
//!
//! ```
//! use jamsocket::testing::{Nothing, TestRoom};
//! use jamsocket::{ClientId, JamsocketContext, MessageRecipient, SimpleJamsocketService};
//! use std::time::Duration;
//!
//! /// Rings three minutes after it was last wound.
//! struct EggTimer;
//!
//! impl SimpleJamsocketService for EggTimer {
//!     fn new(_room_id: &str, _context: &impl JamsocketContext) -> Self {
//!         EggTimer
//!     }
//!
//!     fn message(&mut self, client: ClientId, message: &str, context: &impl JamsocketContext) {
//!         if message == "wind" {
//!             context.set_timer(180_000);
//!             context.send_message(MessageRecipient::EveryoneExcept(client), "three minutes");
//!         }
//!     }
//!
//!     fn timer(&mut self, context: &impl JamsocketContext) {
//!         context.send_message(MessageRecipient::Broadcast, "ring");
//!     }
//! }
//!
//! // In a package, this is in a function with `#[test]`.
//! let mut room = TestRoom::<EggTimer>::new("kitchen");
//! let (ann, bob) = (room.join(), room.join());
//! room.send(ann, "wind");
//! assert_eq!(room.received(ann), Nothing);
//! assert_eq!(room.received(bob), ["three minutes"]);
//!
//! room.advance(Duration::from_secs(60));
//! room.send(bob, "wind");
//! room.advance(Duration::from_secs(179));
//! assert_eq!(room.received(bob), Nothing);
//! room.advance(Duration::from_secs(1));
//! assert_eq!(room.received(bob), ["ring"]);
//! assert_eq!(room.received(ann), ["three minutes", "ring"]);
//! ```
//!
//! The feature belongs to a package's tests alone: `cargo add --dev jamsocket --features testing`.
//!
//! # What is not virtual
//!
//! - A service that asks a clock, by [`Instant::now`](std::time::Instant::now) or its like, is told the
//!   real time. Its timer knows virtual time alone.
//! - There is no server around the room: none of its limits of clients and sockets, and no heartbeat.
//! - A service runs natively here. What is apart in the sandbox, files and sockets for instance, is
//!   not.

mod logged;
mod nothing;
mod received;
mod room;
mod stage;

pub use logged::Logged;
pub use nothing::Nothing;
pub use received::Received;
pub use room::TestRoom;
