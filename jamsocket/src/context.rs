use crate::MessageRecipient;
use std::task::Waker;

/// How a service reaches the world: its clients, its timer and its log.
///
/// What a callback sends leaves when the callback returns; a callback that panics or traps sends
/// nothing. A context may be kept and used from other threads too (by native services): what is
/// sent outside a callback leaves at once.
pub trait JamsocketContext: Unpin + 'static + Send + Sync {
    /// Sends a text message. It may be empty.
    fn send_message(&self, recipient: impl Into<MessageRecipient>, message: &str);

    /// Sends a binary message. It may be empty.
    fn send_binary(&self, recipient: impl Into<MessageRecipient>, message: &[u8]);

    /// Asks for one call of `timer` in `ms_delay` milliseconds.
    ///
    /// A room has one timer: a later request replaces an earlier one, and 0 cancels it. The timer
    /// runs in an empty room too and does not keep that room alive.
    fn set_timer(&self, ms_delay: u32);

    /// What to wake, from any thread, to have the host call
    /// [`JamsocketService::resume`](crate::JamsocketService::resume) soon, between two callbacks. The
    /// default wakes nobody.
    fn waker(&self) -> Waker {
        Waker::noop().clone()
    }

    /// Writes a line to the room's log. The default drops it.
    fn log(&self, level: LogLevel, line: &str) {
        let _ = (level, line);
    }
}

/// How much a log line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogLevel {
    /// Something failed.
    Error,
    /// Something may fail, or was mended.
    Warn,
    /// What an operator wants to read.
    Info,
    /// What the service's author wants to read.
    Debug,
    /// Every step.
    Trace,
}
