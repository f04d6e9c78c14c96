use actix_rt::{Arbiter, ArbiterHandle};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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

    /// Whether there is none, as far as that is known.
    pub(crate) fn are_none(&self) -> bool {
        self.lock().threads.is_empty()
    }

    /// Runs this on one of them, each in its turn. Where all have ended it is dropped.
    pub(crate) fn run(&self, act: impl FnOnce() + Send + 'static) {
        let act = Arc::new(Mutex::new(Some(act)));
        let mut state = self.lock();
        while !state.threads.is_empty() {
            let at = state.next % state.threads.len();
            let taken = act.clone();
            let is_there = state.threads[at].spawn_fn(move || {
                if let Some(act) = taken.lock().unwrap_or_else(PoisonError::into_inner).take() {
                    act();
                }
            });
            if is_there {
                state.next = at + 1;
                return;
            }
            state.threads.swap_remove(at);
        }
        // What is dropped with it may come back here.
        drop(state);
        drop(act);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{sync::mpsc::channel, thread::ThreadId};

    #[actix_web::test]
    async fn each_thread_has_its_turn_until_it_ends() {
        let (workers, arbiters) = (Arc::new(Workers::default()), [(); 2].map(|()| Arbiter::new()));
        assert!(workers.are_none());
        for arbiter in &arbiters {
            let (added, told) = (workers.clone(), channel());
            arbiter.spawn_fn(move || {
                added.add_this();
                told.0.send(()).unwrap();
            });
            told.1.recv().unwrap();
        }
        let threads = || {
            let (sender, receiver) = channel::<ThreadId>();
            for _ in 0..4 {
                let sender = sender.clone();
                workers.run(move || sender.send(std::thread::current().id()).unwrap());
            }
            drop(sender);
            receiver.into_iter().collect::<Vec<_>>()
        };
        let ran = threads();
        assert_eq!(ran.iter().filter(|thread| **thread == ran[0]).count(), 2);
        let [first, second] = arbiters;
        first.stop();
        first.join().unwrap();
        let ran = threads();
        assert_eq!(ran.len(), 4, "what was for the first runs on the second");
        assert!(ran.iter().all(|thread| *thread == ran[0]));
        second.stop();
        second.join().unwrap();
        assert_eq!(threads(), []);
        assert!(workers.are_none());
    }
}
