//! The end-to-end tests: one binary, a module for each part of what a user sees.

#![allow(missing_docs, reason = "a test's name is its documentation")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

/// The command `jamsocket`, as it is installed.
mod command;
/// Code and modules that were written for what was there before.
mod compatibility;
/// How rooms begin and end, and who leaves when.
mod lifecycle;
/// What clients and rooms may use, on either side of each bound.
mod limits;
/// Which pages and which names are let in.
mod origins;
/// What a WebSocket keeps to, and what a peer that breaks the protocol gets.
mod protocol;
/// Rooms of the examples, native and WebAssembly through the same bodies.
mod rooms;
/// What HTTP requests are answered with.
mod routes;
/// Starting, stopping, threads, several services, mounting.
mod server;
/// Clients that are silent, or read nothing.
mod silence;
