use std::future::Future;
use tokio::runtime::{Builder, Runtime};

thread_local!(static RUNTIME: Runtime = {
    Builder::new_current_thread().enable_time().build().expect("there is a runtime")
});

/// Runs what guests are run by.
pub(crate) fn block_on<T>(task: impl Future<Output = T>) -> T {
    RUNTIME.with(|runtime| runtime.block_on(task))
}
