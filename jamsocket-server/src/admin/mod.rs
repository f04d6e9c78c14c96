//! The admin address: what a server tells its operator, and nobody else.
//!
//! It has a worker thread of its own, so that it answers while rooms keep theirs busy, and until the
//! last of them has ended.

mod address;
mod room_list;
mod routes;
mod server;

pub use address::{AdminAddress, ParseAdminAddressError};
pub(crate) use routes::add as add_routes;
pub(crate) use server::bind;
