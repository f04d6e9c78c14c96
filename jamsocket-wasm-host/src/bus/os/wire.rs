//! How the host's own functions read what they are asked and answer it, in bincode.

use crate::bus::{CallError, Callee, Caller, host_task::HostTask};
use serde::{Serialize, de::DeserializeOwned};
use tokio::sync::mpsc::{self, error::TrySendError};
use wasm_bus::SerializationFormat::Bincode;

/// Reads a request.
///
/// # Errors
///
/// It is not what the function takes.
pub(super) fn read<T: DeserializeOwned>(request: &[u8]) -> Result<T, CallError> {
    Bincode.decode(request).map_err(|_| CallError::DESERIALIZATION_FAILED)
}

/// Answers a call.
pub(super) fn reply<T: Serialize>(caller: &mut Caller, answer: &T) {
    match Bincode.encode(answer) {
        Ok(answer) => caller.reply(answer),
        Err(_) => caller.fault(CallError::INTERNAL_FAILURE),
    }
}

/// Leaves a call to a task, which answers it.
///
/// # Errors
///
/// The task has as many before it as may wait, or has ended.
pub(super) fn queue<T>(
    task: &mpsc::Sender<(T, Caller)>,
    what: T,
    caller: Caller,
) -> Result<Box<dyn Callee>, CallError> {
    match task.try_send((what, caller)) {
        Ok(()) => Ok(HostTask::done()),
        Err(TrySendError::Full(_)) => Err(CallError::MEMORY_ALLOCATION_FAILED),
        Err(TrySendError::Closed(_)) => Err(CallError::INVALID_HANDLE),
    }
}
