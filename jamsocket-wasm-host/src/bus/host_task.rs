use super::{Call, CallError, Callee, Caller};
use tokio::task::{AbortHandle, spawn};

/// A function of the host's that answers a call in its own time, as a task. It ends when its caller is
/// done with the call.
pub(super) struct HostTask(Option<AbortHandle>);

impl HostTask {
    /// Has a task answer, on the runtime of whoever calls.
    pub(super) fn answer<F>(caller: Caller, answer: impl FnOnce(Caller) -> F) -> Box<dyn Callee>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Box::new(Self(Some(spawn(answer(caller)).abort_handle())))
    }

    /// What has been answered at once.
    pub(super) fn done() -> Box<dyn Callee> {
        Box::new(Self(None))
    }
}

impl Callee for HostTask {
    fn call(&mut self, _: Call) -> Result<Box<dyn Callee>, CallError> {
        Err(CallError::UNSUPPORTED)
    }
}

impl Drop for HostTask {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.abort();
        }
    }
}
