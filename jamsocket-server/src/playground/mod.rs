//! The playground: a page that joins rooms and watches them, for people who write them.
//!
//! A [`Playground`] is the handle: it has the [`BuildState`] that it is given and the [`log_tail`] of
//! the rooms, whether or not anybody looks. A server that has one answers `GET /_/` with the [`page`],
//! and `GET /_/events` with a stream of [`events`] for as long as the page is open: how the code is
//! built, what the rooms do ([`room_report`]), and what they log.

mod build_state;
mod event;
mod events;
mod handle;
mod listeners;
mod log_tail;
mod page;
mod room_report;
mod routes;

pub use build_state::BuildState;
pub use handle::Playground;
pub(crate) use listeners::Listeners;
pub(crate) use routes::{add as add_routes, add_way_there};
