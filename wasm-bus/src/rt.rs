//! The engine as a value, for code that takes one. There is one engine; all values are it.

use crate::task;

/// The engine: what the functions of [`task`] are methods of.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Runtime;

impl Runtime {
    /// [`task::block_on`].
    ///
    /// # Panics
    ///
    /// As that does.
    pub fn block_on<F: Future>(&self, task: F) -> F::Output {
        task::block_on(task)
    }

    /// [`task::spawn`], without a way to wait for the task.
    pub fn spawn<F: Future + 'static>(&self, task: F) {
        drop(task::spawn(task));
    }

    /// [`task::run_ready`].
    pub fn tick(&self) -> usize {
        task::run_ready()
    }

    /// [`task::wake`].
    pub fn wake(&self) {
        task::wake();
    }

    /// [`task::serve`].
    pub fn serve(&self) {
        task::serve();
    }
}
