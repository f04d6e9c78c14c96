use super::Output;
use crate::{
    log_lines::{Log, LogLines},
    stdout::Stdout,
    wasi,
};
use bytes::Bytes;
use jamsocket::{LogLevel, host::visible};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};
use tokio::sync::mpsc;
use wasmtime_wasi::p1::WasiP1Ctx;

/// How much a program may write at once, in bytes.
const BURST: usize = 256 << 10;

/// How much of that it gets back each second.
const BYTES_PER_SECOND: usize = 64 << 10;

/// The log of a program, which is that of this process: so much of it, and no more.
pub(crate) fn log_of(program: &str) -> Log {
    let program = visible(program).to_string();
    let lines: Log = Arc::new(move |level, line| trace(&program, level, line));
    let allowance = Mutex::new(Allowance { left: BURST, since: Instant::now() });
    Arc::new(move |level, text| {
        let mut allowance = allowance.lock().unwrap_or_else(PoisonError::into_inner);
        let allowed = allowance.take(text.len(), Instant::now());
        drop(allowance);
        LogLines::new(lines.clone(), level)
            .write(&text.as_bytes()[..text.floor_char_boundary(allowed)]);
    })
}

/// What a program may still write.
struct Allowance {
    left: usize,
    since: Instant,
}

impl Allowance {
    /// How many of these bytes may be written now.
    fn take(&mut self, bytes: usize, now: Instant) -> usize {
        let passed = now.saturating_duration_since(self.since).as_millis();
        let back = usize::try_from(passed).unwrap_or(BURST).saturating_mul(BYTES_PER_SECOND) / 1000;
        if back > 0 {
            self.since = now;
            self.left = self.left.saturating_add(back).min(BURST);
        }
        let taken = bytes.min(self.left);
        self.left -= taken;
        taken
    }
}

/// What a program has that serves: its name, and outputs that go to its log.
pub(crate) fn serving_wasi(name: &str, log: &Log) -> WasiP1Ctx {
    let output = |level| {
        let (output, pieces) = Output::new();
        tokio::spawn(write_lines(log.clone(), level, pieces));
        Stdout(output)
    };
    wasi::sandbox()
        .args(&[name, "bus"])
        .stdout(output(LogLevel::Info))
        .stderr(output(LogLevel::Warn))
        .build_p1()
}

/// Writes an output to a log, until it ends.
pub(crate) async fn write_lines(log: Log, level: LogLevel, mut pieces: mpsc::Receiver<Bytes>) {
    let mut lines = LogLines::new(log, level);
    while let Some(piece) = pieces.recv().await {
        lines.write(&piece);
    }
}

/// Writes a line of a program to this process's log.
fn trace(program: &str, level: LogLevel, line: &str) {
    const TARGET: &str = "jamsocket::program";
    match level {
        LogLevel::Error => tracing::error!(target: TARGET, program, "{line}"),
        LogLevel::Warn => tracing::warn!(target: TARGET, program, "{line}"),
        LogLevel::Info => tracing::info!(target: TARGET, program, "{line}"),
        LogLevel::Debug => tracing::debug!(target: TARGET, program, "{line}"),
        LogLevel::Trace => tracing::trace!(target: TARGET, program, "{line}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_program_writes_so_much_at_once_and_gets_it_back_with_time() {
        let begun = Instant::now();
        let mut allowance = Allowance { left: BURST, since: begun };
        assert_eq!(allowance.take(BURST - 1, begun), BURST - 1);
        assert_eq!(allowance.take(5, begun), 1);
        assert_eq!(allowance.take(5, begun), 0);
        let later = begun + Duration::from_millis(500);
        assert_eq!(allowance.take(BURST, later), BYTES_PER_SECOND / 2);
        assert_eq!(allowance.take(BURST * 2, later + Duration::from_secs(3600)), BURST);
    }
}
