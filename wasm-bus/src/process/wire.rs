//! The host's functions for programs.

use crate::macros::wasm_bus;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What starts programs.
#[wasm_bus(format = "bincode", path = "wasm_bus_process::api")]
pub(super) trait Pool {
    /// Starts one.
    async fn spawn(
        &self,
        spawn: Spawn,
        stdout: impl Fn(Vec<u8>),
        stderr: impl Fn(Vec<u8>),
        exit: impl Fn(i32),
    ) -> Arc<dyn Process>;
}

/// A program that runs.
#[wasm_bus(format = "bincode", path = "wasm_bus_process::api")]
pub(super) trait Process {
    /// Writes to its standard input; answers how much of it was taken.
    async fn stdin(&self, data: Vec<u8>) -> usize;
    /// Ends its standard input.
    async fn close_stdin(&self);
    /// Ends it.
    async fn kill(&self);
    /// Gives it time.
    async fn work(&self);
    /// Sees to it that it has what was written.
    async fn flush(&self);
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Spawn {
    pub(super) path: String,
    pub(super) args: Vec<String>,
    pub(super) chroot: bool,
    pub(super) working_dir: Option<String>,
    pub(super) stdin_mode: Stdio,
    pub(super) stdout_mode: Stdio,
    pub(super) stderr_mode: Stdio,
    pub(super) pre_open: Vec<String>,
}

/// Where a program's input comes from, or its output goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Stdio {
    /// This program writes the input, or reads the output.
    Piped,
    /// It is this program's own.
    Inherit,
    /// There is none, and nobody reads it.
    Null,
    /// It goes to the host's log.
    Log,
}
