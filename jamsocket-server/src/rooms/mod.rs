//! Rooms: which there are, and what makes each of them go.
//!
//! [`Rooms`] is one service's rooms. Its [`registry`] knows which room ids have a room; a
//! [`driver`] runs for each room on the worker thread that built it, and takes what happens to the
//! room from its [`inbox`]. What the rooms run is their [`code`], which can be swapped under them.

mod build;
mod calls;
pub(crate) mod code;
pub(crate) mod driver;
mod failures;
pub(crate) mod inbox;
pub(crate) mod known_ids;
pub(crate) mod membership;
#[cfg(test)]
mod model;
pub(crate) mod registry;
mod room_host;
pub(crate) mod room_id;
mod room_log;
mod room_task;
pub(crate) mod seat;
pub(crate) mod service;
pub(crate) mod status;
pub(crate) mod strategy;

pub(crate) use code::Code;
pub(crate) use inbox::{Event, Inbox};
pub(crate) use membership::Membership;
pub(crate) use registry::RoomsUsage;
pub(crate) use room_id::{RoomId, RoomIdError};
pub(crate) use seat::Seat;
pub(crate) use service::{CreateError, JoinError, Rooms, UsedUp};
pub(crate) use status::{RoomStatus, RoomUsage, RoomWork};
