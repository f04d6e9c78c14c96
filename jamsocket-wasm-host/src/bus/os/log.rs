use crate::bus::{Call, CallError, Callee, Member, host_task::HostTask};
use jamsocket::LogLevel;
use serde::Deserialize;

pub(super) const WRITE: &str = "wasm_bus_log::api::LogWriteRequest";

/// How much of a text is written to the log.
const MAX_TEXT_BYTES: usize = 16 << 10;

#[derive(Deserialize)]
struct Write {
    level: Level,
    target: String,
    message: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

/// Writes a line to the log, under its caller's name.
pub(super) fn write(member: &Member, mut call: Call) -> Result<Box<dyn Callee>, CallError> {
    let Write { level, target, message } =
        serde_json::from_slice(&call.request).map_err(|_| CallError::DESERIALIZATION_FAILED)?;
    let level = match level {
        Level::Error => LogLevel::Error,
        Level::Warn => LogLevel::Warn,
        Level::Info => LogLevel::Info,
        Level::Debug => LogLevel::Debug,
        Level::Trace => LogLevel::Trace,
    };
    let line = format!("{target}: {message}");
    member.log(level, &line[..line.floor_char_boundary(MAX_TEXT_BYTES)]);
    call.caller.reply(b"null".to_vec());
    Ok(HostTask::done())
}
