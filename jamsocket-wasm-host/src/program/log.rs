use super::Output;
use crate::{bus::Log, log_lines::LogLines};
use bytes::Bytes;
use jamsocket::{JamsocketContext, LogLevel, MessageRecipient, host::visible};
use std::sync::Arc;
use tokio::sync::mpsc;
use wasmtime_wasi::{WasiCtxBuilder, p1::WasiP1Ctx};

/// The log of a program, which is that of this process.
pub(crate) fn log_of(program: &str) -> Log {
    let program = visible(program).to_string();
    Arc::new(move |level, text| {
        let target = ProgramLog(program.clone());
        LogLines::new(Arc::new(target), level).write(text.as_bytes());
    })
}

/// What a program has that serves: its name, and outputs that go to its log.
pub(crate) fn serving_wasi(name: &str, log: &Log) -> WasiP1Ctx {
    let output = |level| {
        let (output, pieces) = Output::new();
        tokio::spawn(write_lines(log.clone(), level, pieces));
        output
    };
    WasiCtxBuilder::new()
        .args(&[name, "bus"])
        .stdout(output(LogLevel::Info))
        .stderr(output(LogLevel::Warn))
        .allow_tcp(false)
        .allow_udp(false)
        .build_p1()
}

/// Writes an output to a log, until it ends.
pub(crate) async fn write_lines(log: Log, level: LogLevel, mut pieces: mpsc::Receiver<Bytes>) {
    let mut lines = LogLines::new(Arc::new(Lines(log)), level);
    while let Some(piece) = pieces.recv().await {
        lines.write(&piece);
    }
}

/// A log that lines are written to. It is of no room: it sends to nobody.
struct Lines(Log);

/// What a program writes, under its name.
struct ProgramLog(String);

impl JamsocketContext for Lines {
    fn send_message(&self, _: impl Into<MessageRecipient>, _: &str) {}

    fn send_binary(&self, _: impl Into<MessageRecipient>, _: &[u8]) {}

    fn set_timer(&self, _: u32) {}

    fn log(&self, level: LogLevel, line: &str) {
        (self.0)(level, line);
    }
}

impl JamsocketContext for ProgramLog {
    fn send_message(&self, _: impl Into<MessageRecipient>, _: &str) {}

    fn send_binary(&self, _: impl Into<MessageRecipient>, _: &[u8]) {}

    fn set_timer(&self, _: u32) {}

    fn log(&self, level: LogLevel, line: &str) {
        const TARGET: &str = "jamsocket::program";
        let program = &self.0;
        match level {
            LogLevel::Error => tracing::error!(target: TARGET, program, "{line}"),
            LogLevel::Warn => tracing::warn!(target: TARGET, program, "{line}"),
            LogLevel::Info => tracing::info!(target: TARGET, program, "{line}"),
            LogLevel::Debug => tracing::debug!(target: TARGET, program, "{line}"),
            LogLevel::Trace => tracing::trace!(target: TARGET, program, "{line}"),
        }
    }
}
