//! The log of the host.
//!
//! ```no_run
//! use wasm_bus::log;
//!
//! log::info("shop", "open");
//! log::warn("shop", format_args!("{} left in stock", 3));
//! ```

use crate::{CallError, OS, macros::wasm_bus};
use serde::{Deserialize, Serialize};
use std::fmt;

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Something is wrong.
    Error,
    /// Something may be wrong.
    Warn,
    /// What whoever runs the server wants to know.
    Info,
    /// What whoever writes the module wants to know.
    Debug,
    /// All the rest.
    Trace,
}

/// The host's log.
#[wasm_bus(format = "json", path = "wasm_bus_log::api")]
pub(crate) trait Log {
    /// Writes a line.
    async fn write(&self, level: Level, target: String, message: String);
}

/// Writes a line, and waits until the host has it.
///
/// # Errors
///
/// Why the host does not take it.
pub async fn write(
    level: Level,
    target: &str,
    message: impl fmt::Display,
) -> Result<(), CallError> {
    LogClient::new(OS).write(level, target.to_owned(), message.to_string()).await
}

/// Writes an error. Like those below it returns at once, and a line that the host does not take is
/// lost.
pub fn error(target: &str, message: impl fmt::Display) {
    send(Level::Error, target, &message);
}

/// Writes a warning.
pub fn warn(target: &str, message: impl fmt::Display) {
    send(Level::Warn, target, &message);
}

/// Writes information.
pub fn info(target: &str, message: impl fmt::Display) {
    send(Level::Info, target, &message);
}

/// Writes a line for debugging.
pub fn debug(target: &str, message: impl fmt::Display) {
    send(Level::Debug, target, &message);
}

/// Writes a detail.
pub fn trace(target: &str, message: impl fmt::Display) {
    send(Level::Trace, target, &message);
}

/// Makes the call here and now, so that a program which ends next has still written its line.
fn send(level: Level, target: &str, message: &dyn fmt::Display) {
    let request =
        LogWriteRequest { level, target: target.to_owned(), message: message.to_string() };
    let call = crate::call::Target::module(OS).call(
        "wasm_bus_log::api::LogWriteRequest",
        crate::SerializationFormat::Json,
        &request,
    );
    drop(call.invoke());
}

#[cfg(test)]
mod tests {
    use super::{Level, debug, error, info, trace, warn, write};
    use crate::{CallError, engine, host::scripted::ScriptedHost, task::block_on};

    #[test]
    fn lines_are_on_their_way_at_once() {
        let host = ScriptedHost::install();
        error("shop", "burnt");
        warn("shop", format_args!("{} left", 3));
        info("shop", "open");
        debug("shop", 7);
        trace("shop", "\"");
        let lines = [
            r#"{"level":"error","target":"shop","message":"burnt"}"#,
            r#"{"level":"warn","target":"shop","message":"3 left"}"#,
            r#"{"level":"info","target":"shop","message":"open"}"#,
            r#"{"level":"debug","target":"shop","message":"7"}"#,
            r#"{"level":"trace","target":"shop","message":"\""}"#,
        ];
        let calls: Vec<_> = (1..)
            .zip(lines)
            .map(|(handle, line)| {
                format!("call - {handle} 0 os wasm_bus_log::api::LogWriteRequest {line}")
            })
            .collect();
        assert_eq!(host.asked(), calls);
    }

    #[test]
    fn a_line_may_be_waited_for() {
        let host = ScriptedHost::install();
        host.on_poll(|| engine::with(|engine| engine.error(1.into(), CallError::AccessDenied)));
        let written = block_on(write(Level::Info, "shop", "open"));
        assert_eq!(written, Err(CallError::AccessDenied));
    }
}
