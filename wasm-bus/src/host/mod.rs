//! What a module asks of its host.

#[cfg(target_arch = "wasm32")]
mod imports;
#[cfg(all(test, feature = "macros"))]
pub(crate) mod loopback;
#[cfg(not(target_arch = "wasm32"))]
mod native;
#[cfg(test)]
pub(crate) mod scripted;

use crate::{CallHandle, CallInstance};
use std::rc::Rc;

/// The functions that a host gives to its modules.
///
/// In `poll` the host calls the module, and in none of the others.
pub(crate) trait Host {
    /// A number that this module does not have in use.
    fn handle(&self) -> CallHandle;

    /// The call `call`, which has not been made yet, takes messages for `topic` on `handle`.
    fn callback(&self, call: CallHandle, handle: CallHandle, topic: &str);

    /// Starts a call. Another number than 0 is an error's, and then nobody answers.
    fn call(&self, call: &Outgoing<'_>) -> u32;

    /// This module has done with a call of its own, or an object.
    fn release(&self, handle: CallHandle);

    /// Waits until something has happened and been told to this module.
    fn poll(&self);

    /// This module answers calls of `topic`.
    fn listen(&self, topic: &str);

    /// This module goes on serving when its `main` has returned.
    fn fork(&self);

    /// Answers an inbound call.
    fn reply(&self, handle: CallHandle, response: &[u8]);

    /// Fails an inbound call.
    fn fault(&self, handle: CallHandle, error: u32);

    /// Sends a message to a callback of an inbound call.
    fn reply_callback(&self, handle: CallHandle, topic: &str, message: &[u8]);

    /// A number that is this module's, for as long as it lives.
    fn thread_id(&self) -> u32;
}

/// A call on its way to the host.
#[derive(Debug)]
#[cfg_attr(
    not(any(test, target_arch = "wasm32")),
    expect(dead_code, reason = "where there is no host nobody reads it")
)]
pub(crate) struct Outgoing<'a> {
    pub(crate) parent: Option<CallHandle>,
    pub(crate) handle: CallHandle,
    pub(crate) keepalive: bool,
    pub(crate) instance: Option<&'a CallInstance>,
    pub(crate) wapm: &'a str,
    pub(crate) topic: &'a str,
    pub(crate) request: &'a [u8],
}

/// The host of this program.
pub(crate) fn current() -> Rc<dyn Host> {
    #[cfg(target_arch = "wasm32")]
    return Rc::new(imports::Imports);
    #[cfg(not(target_arch = "wasm32"))]
    Rc::new(native::NoHost::default())
}
