//! Programs that run beside this one, which the host starts.
//!
//! ```no_run
//! use wasm_bus::{process::Command, task::block_on};
//!
//! let output = block_on(Command::new("sort").arg("--reverse").output())?;
//! println!("{}: {} bytes", output.status, output.stdout.len());
//! # Ok::<(), wasm_bus::CallError>(())
//! ```

mod child;
mod command;
mod wire;

pub use child::{Child, ChildOutput, ChildStdin, ExitStatus, Output};
pub use command::Command;
pub use wire::Stdio;
