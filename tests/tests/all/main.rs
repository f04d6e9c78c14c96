//! The end-to-end tests: one binary, a module for each part of what a user sees.

#![allow(missing_docs, reason = "a test's name is its documentation")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

/// The address that tells an operator about the server, and nobody else.
mod admin;
/// Programs and rooms that call each other, their host, and the world.
mod bus;
/// The folder that keeps compiled modules.
#[cfg(unix)]
mod code_cache;
/// The command `jamsocket`, as it is installed.
mod command;
/// What the command tells of itself, and of a module that is not served.
mod command_line;
/// Code and modules that were written for what was there before.
mod compatibility;
/// `jamsocket dev`, from a file that is saved to the clients.
mod dev_loop;
/// What a server does when the machine has no more to give.
#[cfg(target_os = "linux")]
mod exhaustion;
/// Pipes, devices and files that are too large, where a file is named.
#[cfg(unix)]
mod files;
/// What hostile modules take of the machine that they run on.
#[cfg(target_os = "linux")]
mod guests;
/// Guests that spin, and their neighbours.
mod hogs;
/// How rooms begin and end, and who leaves when.
mod lifecycle;
/// What clients and rooms may use, on either side of each bound.
mod limits;
/// What is counted.
mod metrics;
/// Packages that `jamsocket new` makes, as they come.
mod new_packages;
/// Which pages and which names are let in.
mod origins;
/// The examples' pages, in a browser.
mod pages;
/// The page that joins rooms and watches them, and what it is told.
mod playground;
/// The playground in a real Chromium, through a mistake and its mending.
#[cfg(unix)]
mod playground_page;
/// What a WebSocket keeps to, and what a peer that breaks the protocol gets.
mod protocol;
/// What the README says of a service's own tests.
mod room_tests;
/// Rooms of the examples, native and WebAssembly through the same bodies.
mod rooms;
/// What HTTP requests are answered with.
mod routes;
/// Starting, stopping, threads, several services, mounting.
mod server;
/// Clients that are silent, or read nothing.
mod silence;
/// Requests and messages that take their time.
mod slow_requests;
/// A server that is stopped for a while, and goes on.
mod standstill;
/// Signals to a server that has its hands full.
mod stopping;
/// Floods, churn and clients that read nothing, and what of a machine they take.
#[cfg(target_os = "linux")]
mod storms;
/// New code under the clients of rooms that run.
mod swaps;
/// TLS: what is spoken, what is refused, and certificates that change.
mod tls;
/// What a `jamsocket.toml` from elsewhere does not get by itself.
#[cfg(unix)]
mod trust;
