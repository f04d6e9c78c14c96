//! Everything that goes through cargo: finding a package, having its target, building its module.

mod artifact;
mod compile;
mod environment;
mod job;
mod rustup;
mod target;
mod workspace;

pub(crate) use compile::{CompileError, compile};
pub(crate) use environment::{BuildEnvironment, JAMSOCKET_RUSTC};
pub(crate) use job::Job;
pub(crate) use target::{Consent, TargetError, WasmTarget, ensure_installed};
pub(crate) use workspace::{PackageError, Workspace};
