//! What the end-to-end tests share. The tests themselves are in `tests/all`.
//!
//! - [`Client`] is a program's WebSocket; [`RawClient`] one that may break the protocol.
//! - [`guest`] gives the WebAssembly module of an example, built for real.
//! - [`Probe`] is a native service that tells a test what is called.
//! - [`Certificate`] is made for a test, and [`tls`] makes a connection that trusts it.
//! - [`Jamsocket`] is the command, [`Process`] what a running one uses of the machine.
//! - [`Browser`] is a real Chromium with a page.
//! - [`Events`] are what a page of the playground is told.
//! - [`http`] makes a plain request, [`Metrics`] are what one at an admin address answers.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[cfg(unix)]
mod browser;
mod client;
mod command;
mod events;
mod guest;
mod http;
mod metrics;
mod probe;
mod process;
mod raw_client;
mod tls;

#[cfg(unix)]
pub use browser::Browser;
pub use client::{Client, Refused};
pub use command::{Jamsocket, Output, Package, Serving, manifest, readme_block};
pub use events::Events;
pub use guest::{build_guest, bus_programs, bus_room, guest, unruly, wasm_factory, workspace_root};
pub use http::{Answer, http};
pub use metrics::{Family, Metrics};
pub use probe::{Call, Calls, Probe, ProbeRoom};
pub use process::{Holdings, Process, until};
pub use raw_client::{RawClient, frame};
pub use tls::{Certificate, tls};

use std::{future::Future, time::Duration};

/// How long anything that a test waits for may take. It is long, as a machine may be busy, and only
/// a test that fails ever waits for it.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Waits for something that is bound to happen.
///
/// # Panics
///
/// It did not happen within [`PATIENCE`].
pub async fn soon<T>(what: &str, happens: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, happens).await {
        Ok(value) => value,
        Err(_) => panic!("waited {PATIENCE:?} for {what}"),
    }
}
