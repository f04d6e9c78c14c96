//! The engine: tasks beside each other on the one thread of a module.
//!
//! A program that has a `main` may wait in it: [`block_on`] runs a future to its end, and all tasks
//! that were [spawned](spawn) beside it. While nothing can go on, it waits in the host.
//!
//! Everywhere else, in a service's methods and in a room's callbacks, the host waits for the module,
//! so nothing may block there: `.await`, or [`spawn`] what takes its time and return. A task goes on
//! when the host brings what it waits for.

mod join;
mod spawn;

pub use crate::serve::{listen, respond_to, serve};
pub use join::{join, join_all};
pub use spawn::{Cancelled, JoinHandle, spawn};

use crate::engine;

/// Runs a future to its end and returns what it comes to. Tasks run beside it.
///
/// ```
/// assert_eq!(wasm_bus::task::block_on(async { 6 * 7 }), 42);
/// ```
///
/// Where there is no host, nothing but another thread can wake what is waited for.
///
/// # Panics
///
/// Panics inside another `block_on`, and while a call of somebody else's is taken in: the host would
/// have to wait for the module, and the module for the host.
#[track_caller]
pub fn block_on<F: Future>(task: F) -> F::Output {
    match engine::with(|engine| engine.block_on(task)) {
        Ok(output) => output,
        Err(engine::Nested) => panic!(
            "`block_on` was called where the module is waited for already: `.await` the future, or \
             `spawn` it"
        ),
    }
}

/// Runs the tasks that can go on until none can, and returns how many there are left.
///
/// The host's calls do it by themselves. It is for exports of other interfaces, such as a room's:
/// what their code has spawned would wait for the next call of the bus's host.
pub fn run_ready() -> usize {
    engine::with(engine::Engine::run_ready)
}

/// The same as [`run_ready`].
pub fn work_it() -> usize {
    run_ready()
}

/// Wakes every task, and the future of [`block_on`], whatever they wait for. A future that follows
/// the rules of [`Future`] is woken without.
pub fn wake() {
    engine::with(engine::Engine::wake_all);
}
