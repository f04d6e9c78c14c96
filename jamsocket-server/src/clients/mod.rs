//! Clients: one WebSocket each.
//!
//! [`upgrade`] brings a request into a room and answers it with an open WebSocket. Who has [`joined`]
//! becomes a [`client`], a task with a [`client_socket`] of its own (or the response's [`body`], where the
//! socket is not to be had). From there a message comes in through [`frames`], one frame at a time, to the
//! [`reader`], which hands it to the room. What the room sends waits, encoded by [`frame`], in the client's
//! [`outbox`], and leaves with that task, which the thread's [`pacer`] wakes in its turn. The [`keeper`] sees
//! to heartbeats and deadlines, which must not depend on a peer that reads.

mod body;
mod client;
mod client_socket;
mod close;
mod connection;
pub(crate) mod frame;
mod frames;
mod handshake;
mod joined;
mod keeper;
mod outbox;
mod pacer;
mod reader;
mod source;
mod upgrade;

use client::Client;
pub(crate) use close::CloseReason;
#[cfg(feature = "parts")]
pub(crate) use frames::parts;
pub(crate) use joined::Joined;
pub(crate) use keeper::Keeper;
pub(crate) use outbox::Outbox;
pub(crate) use upgrade::{SocketOffer, upgrade};
