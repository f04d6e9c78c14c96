use crate::{
    GuestLimits,
    budget::{RunTimeSpent, Stopped},
    handover,
    text::cut,
};
use jamsocket::{ServiceError, host::visible};
use wasmtime::{Error, FrameInfo, WasmBacktrace};
use wasmtime_wasi::I32Exit;

/// Says why a guest was stopped: the cause on the first line, and the guest's backtrace below it.
pub(crate) fn service_error(stopped: &Stopped, limits: &GuestLimits) -> ServiceError {
    match stopped {
        Stopped::Overdue => ServiceError::OutOfTime {
            bound: format!("{:?}, all waiting included", limits.wall_time),
            backtrace: String::new(),
        },
        Stopped::Failed(error) if error.is::<RunTimeSpent>() => ServiceError::OutOfTime {
            bound: format!("{:?} of running", limits.run_time),
            backtrace: backtrace(error),
        },
        Stopped::Failed(error) => ServiceError::Trapped(text(error)),
    }
}

/// Why a guest trapped likewise.
pub(crate) fn text(error: &Error) -> String {
    let mut text = cause(error);
    let backtrace = backtrace(error);
    if !backtrace.is_empty() {
        text.push('\n');
        text.push_str(&backtrace);
    }
    text
}

fn cause(error: &Error) -> String {
    match error.downcast_ref::<I32Exit>() {
        Some(I32Exit(status)) => format!("the guest exited with status {status}"),
        None => error.root_cause().to_string(),
    }
}

/// The guest's functions that were under way, the innermost first, one a line.
fn backtrace(error: &Error) -> String {
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else {
        return String::new();
    };
    let text = backtrace.to_string();
    // The first line is a heading. The names in the others are the module's.
    let mut frames: Vec<String> =
        text.lines().skip(1).map(|frame| cut(&visible(frame)).into_owned()).collect();
    // The outermost are the host's own, a line each.
    let is_own = |frame: &&FrameInfo| frame.module().name() == Some(handover::NAME);
    let own = backtrace.frames().iter().rev().take_while(is_own).count();
    frames.truncate(frames.len().saturating_sub(own));
    frames.join("\n")
}
