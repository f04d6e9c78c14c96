//! The host's own functions, which guests call as the module `os`.

mod http;
mod log;
mod network;
mod outgoing;
mod process;
mod time;
mod trusted;
mod websocket;
mod wire;

use super::{Call, CallError, Callee, Member};
use std::sync::Arc;

/// The name by which guests call their host.
pub(super) const NAME: &str = "os";

/// Makes a call to the host.
///
/// # Errors
///
/// It has no such function; the request is not what that takes; it was not granted.
pub(super) fn call(caller: &Arc<Member>, call: Call) -> Result<Box<dyn Callee>, CallError> {
    match &*call.topic {
        time::SLEEP => time::sleep_for(call),
        http::MAKE => http::make(caller, call),
        websocket::CONNECT => websocket::connect(caller, call),
        process::SPAWN => process::spawn(caller, call),
        log::WRITE => log::write(caller, call),
        _ => Err(CallError::UNSUPPORTED),
    }
}
