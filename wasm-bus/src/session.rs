use crate::{CallHandle, engine};

/// An inbound call that this module keeps until it says otherwise: when the session is dropped, what
/// answers calls to it is dropped too.
#[derive(Debug)]
#[must_use = "a session ends when it is dropped"]
pub struct WasmBusSession {
    handle: CallHandle,
}

impl WasmBusSession {
    /// The session of the inbound call with that handle.
    pub fn new(handle: CallHandle) -> Self {
        WasmBusSession { handle }
    }

    /// The handle of the call.
    pub fn handle(&self) -> CallHandle {
        self.handle
    }

    /// Ends it.
    pub fn close(self) {
        drop(self);
    }
}

impl Drop for WasmBusSession {
    fn drop(&mut self) {
        engine::with(|engine| engine.forget(self.handle));
    }
}
