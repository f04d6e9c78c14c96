//! Serves rooms over WebSocket, on actix.
//!
//! The shortest server is a line:
//!
//! ```no_run
//! use jamsocket::{ClientId, JamsocketContext, MessageRecipient, SimpleJamsocketService};
//!
//! struct Counter(i32);
//!
//! impl SimpleJamsocketService for Counter {
//!     fn new(_room_id: &str, _context: &impl JamsocketContext) -> Self {
//!         Counter(0)
//!     }
//!
//!     fn message(&mut self, _: ClientId, message: &str, context: &impl JamsocketContext) {
//!         if message == "increment" {
//!             self.0 += 1;
//!             context.send_message(MessageRecipient::Broadcast, &format!("new value: {}", self.0));
//!         }
//!     }
//! }
//!
//! fn main() -> std::io::Result<()> {
//!     jamsocket_server::serve::<Counter>()
//! }
//! ```
//!
//! - [`Server`] has the settings. It serves until a signal ([`serve`](Server::serve)), or is
//!   [started](Server::start) and gives a [`ServerHandle`].
//! - [`NamedService`] is one of several services in a server.
//! - [`Swapper`] gives rooms other code while their clients stay connected.
//! - [`ServedRooms`] calls a server's rooms from that server itself.
//! - [`Mount`] puts rooms into an actix-web `App` that is there already.
//! - [`AllowedOrigins`] and [`AllowedHosts`] keep foreign pages out.
//! - [`Tls`] has a server speak TLS.
//! - [`Limits`] bounds what clients and rooms may use.
//! - [`AdminAddress`] is where an operator is told what they use: [`Server::with_admin`].
//! - [`Playground`] is a page for people who write rooms: [`Server::with_playground`].
//! - [`RoomIdStrategy`] and [`ServiceShutdownPolicy`] say how rooms begin and end.
//!
//! # Routes
//!
//! | route | what it does |
//! |---|---|
//! | `GET /status` | answers `ok` |
//! | `GET /ws/{room}` | opens a WebSocket into that room |
//! | `POST /new_room` | makes a room and answers with its id (strategies `uuid` and `short`) |
//! | `POST /ws/{room}` | makes that room (strategy `api`); 409 where it exists |
//! | `/client/…`, `/…` | static files, where set |
//!
//! With a playground:
//!
//! | route | what it does |
//! |---|---|
//! | `GET /_/` | answers with the page |
//! | `GET /_/events` | tells the page what happens, as server-sent events |
//! | `GET /` | leads to the page, where there are no static files |
//!
//! On the admin address, and nowhere else:
//!
//! | route | what it does |
//! |---|---|
//! | `GET /metrics` | answers with what is counted, as Prometheus reads it |
//! | `GET /rooms` | lists the rooms as JSON; `?service=NAME&limit=1000` selects |
//!
//! A named service has its routes under `/{name}`. A room's id is 1 to 255 bytes of UTF-8 without
//! control characters, percent-encoded in the URL. A room is on the worker thread of its first
//! client; requests beyond a capacity get a 503 with `Retry-After`.
//!
//! # The way of a message
//!
//! ```text
//! socket ─ frames ─> reader ─ event ─> inbox ─> driver ─> Room ─> service
//!                                                         │
//! socket <─ body <─ outbox <─ one encoded frame, shared ──┘
//! ```
//!
//! `clients` has the left side, `rooms` the right one; the `Room` itself is `jamsocket`'s. `metrics`
//! counts what happens on the way, and `admin` tells it.

mod access_token;
mod admin;
mod bound;
mod clients;
mod error;
mod handle;
mod http;
mod limits;
mod metrics;
mod mount;
mod named_service;
mod open_sockets;
mod orders;
#[cfg(feature = "parts")]
#[doc(hidden)]
pub mod parts;
mod playground;
mod rate;
mod rooms;
mod served_rooms;
mod server;
mod settings;
mod site;
mod socket;
mod start;
mod swapper;
mod tls;
mod workers;

pub use access_token::{AccessToken, EmptyAccessToken};
pub use admin::{AdminAddress, ParseAdminAddressError};
pub use error::StartError;
pub use handle::{ServerHandle, ServerUsage};
pub use http::origin::{AllowedHosts, AllowedOrigins};
pub use jamsocket::host::{
    ParseShutdownPolicyError, RoomContext as ServiceActorContext, ServiceShutdownPolicy,
};
pub use limits::Limits;
pub use mount::Mount;
pub use named_service::NamedService;
pub use playground::{BuildState, Playground};
pub use rooms::{
    code::{RolledBack, Swapping},
    strategy::{ParseRoomIdStrategyError, RoomIdStrategy},
};
pub use served_rooms::ServedRooms;
pub use server::Server;
pub use swapper::Swapper;
pub use tls::{Tls, TlsError};

/// Serves native rooms of `T` on `127.0.0.1:8080` with default settings, until SIGINT or SIGTERM.
///
/// # Errors
///
/// See [`StartError`], which the error holds.
pub fn serve<T: jamsocket::SimpleJamsocketService>() -> std::io::Result<()> {
    Server::new().serve_default::<T>()
}
