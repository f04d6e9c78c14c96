use actix_rt::{Arbiter, ArbiterHandle};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The worker threads of a server, for what is begun elsewhere and has to be on one of them.
#[derive(Debug, Default)]
pub(crate) struct Workers {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    threads: Vec<ArbiterHandle>,
    next: usize,
}

impl Workers {
    /// Notes that this thread is one of them.
    pub(crate) fn add_this(&self) {
        if let Some(thread) = Arbiter::try_current() {
            self.lock().threads.push(thread);
        }
    }

    /// Runs this on one of them, each in its turn. Where they have ended it is dropped.
    pub(crate) fn run(&self, act: impl FnOnce() + Send + 'static) {
        let thread = {
            let mut state = self.lock();
            state.next = state.next.wrapping_add(1);
            let State { threads, next } = &*state;
            match threads.len() {
                0 => None,
                count => threads.get(next % count).cloned(),
            }
        };
        if let Some(thread) = thread {
            // One that has ended drops it.
            let _ = thread.spawn_fn(act);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
