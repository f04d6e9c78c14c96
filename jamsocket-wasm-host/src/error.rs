use crate::{EngineError, InterfaceFault};
use std::{fmt, io, path::PathBuf, time::Duration};
use thiserror::Error;

/// Why a module cannot be served.
///
/// In the messages, a module is called by its path in backquotes, or `the module` where it came as
/// bytes.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LoadError {
    /// There is no engine to run modules on.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The file cannot be read.
    #[error("cannot read the module `{}`", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The module is larger than [`GuestLimits::module_bytes`](crate::GuestLimits::module_bytes).
    #[error("{module} is larger than the {limit} bytes that a module may have")]
    TooLarge {
        /// What the module is called.
        module: String,
        /// The bound, in bytes.
        limit: usize,
    },
    /// Loading took longer than [`GuestLimits::load_time`](crate::GuestLimits::load_time).
    #[error("{module} takes longer to load than the {limit:?} that a load may take")]
    TooSlow {
        /// What the module is called.
        module: String,
        /// The bound.
        limit: Duration,
    },
    /// The thread that a module is loaded on could not be started.
    #[error("cannot start the thread to load {module} on")]
    Thread {
        /// What the module is called.
        module: String,
        /// Why not.
        source: io::Error,
    },
    /// It is not a WebAssembly module: a component, text that does not parse, a damaged file, or
    /// a module that uses what guests may not, such as threads.
    #[error("{module} is not a WebAssembly module that can run here: {reason}")]
    NotAModule {
        /// What the module is called.
        module: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It is a WebAssembly module, but not a Jamsocket service: some exports or imports are not
    /// those of the guest interface.
    #[error("{module} is not a Jamsocket service:{}", Listed(faults))]
    Refused {
        /// What the module is called.
        module: String,
        /// Everything that is wrong with it; never empty.
        faults: Vec<InterfaceFault>,
    },
}

/// How many faults a message lists.
const MAX_LISTED: usize = 50;

/// One fault a line, and a hint where it may help.
struct Listed<'a>(&'a [InterfaceFault]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fault in self.0.iter().take(MAX_LISTED) {
            write!(f, "\n  - {fault}")?;
        }
        if let more @ 1.. = self.0.len().saturating_sub(MAX_LISTED) {
            write!(f, "\n  - and {more} more")?;
        }
        let lacks_export =
            |fault: &InterfaceFault| matches!(fault, InterfaceFault::MissingExport { .. });
        if self.0.iter().any(lacks_export) {
            f.write_str(
                "\n(in Rust, `#[jamsocket_wasm]` on the service's type makes these exports)",
            )?;
        }
        Ok(())
    }
}
