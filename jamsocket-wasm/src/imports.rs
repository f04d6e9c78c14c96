//! What a module calls: the imports that its host provides.
#![allow(unsafe_code, reason = "the interface passes pointers")]

use jamsocket::{JamsocketContext, LogLevel, MessageRecipient};
use std::io::{Write, stderr, stdout};

// From 1.96 on the linker wants to be told that these are imports, and of which module.
#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn send_message(recipient: i32, start: *const u8, len: usize);
    fn send_binary(recipient: i32, start: *const u8, len: usize);
    safe fn set_timer(ms_delay: u32);
}

/// The context of a room in a module: its host.
///
/// A client that no room can have has no number on the wire; what is for it is not sent.
#[derive(Debug)]
pub struct Host;

impl JamsocketContext for Host {
    fn send_message(&self, recipient: impl Into<MessageRecipient>, message: &str) {
        if let Some(recipient) = recipient.into().to_wire() {
            // SAFETY: pointer and length are of one `str`, which outlives the call and is not
            // changed by it: a host only reads. The pointer of an empty one is not null either.
            unsafe { send_message(recipient, message.as_ptr(), message.len()) }
        }
    }

    fn send_binary(&self, recipient: impl Into<MessageRecipient>, message: &[u8]) {
        if let Some(recipient) = recipient.into().to_wire() {
            // SAFETY: as above, of one slice.
            unsafe { send_binary(recipient, message.as_ptr(), message.len()) }
        }
    }

    fn set_timer(&self, ms_delay: u32) {
        set_timer(ms_delay);
    }

    /// The interface has no import for this: hosts take what a module writes to its standard
    /// output and error as lines of the log. A line that cannot be written is dropped.
    fn log(&self, level: LogLevel, line: &str) {
        // In one piece: standard error is not buffered.
        let line = format!("{line}\n");
        let _ = match level {
            LogLevel::Error | LogLevel::Warn => stderr().write_all(line.as_bytes()),
            LogLevel::Info | LogLevel::Debug | LogLevel::Trace => {
                stdout().write_all(line.as_bytes())
            }
        };
    }
}
