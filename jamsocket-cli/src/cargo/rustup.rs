use super::WasmTarget;
use std::{
    io,
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};
use thiserror::Error;

/// How long rustup may take. It takes seconds where it reaches its server.
pub(super) const RUSTUP_LIMIT: Duration = Duration::from_secs(120);

/// How often a running rustup is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Runs `rustup target add`, for at most `limit`. `rustup` is the bare call of the program; what
/// it prints goes to this process's stderr.
///
/// # Errors
///
/// See [`RustupError`].
pub(super) fn add_target(
    rustup: &mut Command,
    target: WasmTarget,
    limit: Duration,
) -> Result<(), RustupError> {
    let mut rustup = rustup
        .args(["target", "add", target.name()])
        .stdin(Stdio::null())
        .stdout(io::stderr())
        .spawn()
        .map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => RustupError::NotThere,
            _ => RustupError::Start(source),
        })?;
    match wait_at_most(&mut rustup, limit).map_err(RustupError::Start)? {
        Some(status) if status.success() => Ok(()),
        Some(status) => Err(RustupError::Failed(status)),
        None => Err(RustupError::TooSlow { seconds: limit.as_secs() }),
    }
}

/// Waits for the end of `child`. After `limit` it is killed, and the answer is `None`.
fn wait_at_most(child: &mut Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if started.elapsed() >= limit {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(LOOK_EVERY.min(limit));
    }
}

/// Why rustup did not install a target.
#[derive(Debug, Error)]
pub(crate) enum RustupError {
    /// There is no rustup in the PATH.
    #[error("there is no rustup here")]
    NotThere,
    /// It does not run.
    #[error("cannot run rustup")]
    Start(#[source] io::Error),
    /// It ended with an error, which it has printed.
    #[error("rustup failed ({0}): its message is above")]
    Failed(ExitStatus),
    /// It took too long and was stopped.
    #[error("rustup was not done after {seconds} s and was stopped")]
    TooSlow { seconds: u64 },
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script, "rustup"]);
        command
    }

    #[test]
    fn rustup_is_asked_for_the_target_by_name() {
        let mut rustup = shell(r#"test "$*" = "target add wasm32-wasip1""#);
        add_target(&mut rustup, WasmTarget::Wasip1, RUSTUP_LIMIT).unwrap();
    }

    #[test]
    fn a_rustup_that_hangs_is_stopped_at_the_limit() {
        let limit = Duration::from_millis(20);
        let refused = add_target(&mut shell("exec sleep 600"), WasmTarget::Wasip1, limit);
        assert!(matches!(refused, Err(RustupError::TooSlow { seconds: 0 })), "{refused:?}");
    }

    #[test]
    fn a_rustup_that_fails_is_told_from_one_that_is_not_there() {
        let failed = add_target(&mut shell("exit 3"), WasmTarget::Wasip1, RUSTUP_LIMIT);
        assert_eq!(
            failed.unwrap_err().to_string(),
            "rustup failed (exit status: 3): its message is above"
        );
        let mut nothing = Command::new("/nowhere/rustup");
        let missing = add_target(&mut nothing, WasmTarget::Wasip1, RUSTUP_LIMIT);
        assert!(matches!(missing, Err(RustupError::NotThere)), "{missing:?}");
    }
}
