use crate::CallError;
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

/// The place where the answer to a call is waited for.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    result: Option<Reply>,
    waiting: Vec<Waker>,
}

/// What a call ended in. It is shared: a call may be waited for more than once.
pub(crate) type Reply = Result<Arc<Vec<u8>>, CallError>;

impl Answer {
    /// Answers, and wakes who waits. The first answer stays.
    pub(crate) fn set(&self, result: Result<Vec<u8>, CallError>) {
        let waiting = {
            let mut state = self.lock();
            state.result.get_or_insert_with(|| result.map(Arc::new));
            std::mem::take(&mut state.waiting)
        };
        for waker in waiting {
            waker.wake();
        }
    }

    /// The answer, where there is one.
    pub(crate) fn now(&self) -> Option<Reply> {
        self.lock().result.clone()
    }

    /// The answer, or a place among those that are woken when it comes.
    pub(crate) fn poll(&self, context: &Context<'_>) -> Poll<Reply> {
        let mut state = self.lock();
        if let Some(result) = &state.result {
            return Poll::Ready(result.clone());
        }
        if !state.waiting.iter().any(|waker| waker.will_wake(context.waker())) {
            state.waiting.push(context.waker().clone());
        }
        Poll::Pending
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::Answer;
    use crate::CallError;
    use std::{
        sync::{
            Arc,
            atomic::{AtomicU32, Ordering},
        },
        task::{Context, Poll, Wake},
    };

    #[derive(Default)]
    struct Counter(AtomicU32);

    impl Wake for Counter {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn everybody_who_waits_is_woken_once_and_sees_the_answer() {
        let answer = Answer::default();
        let counters = [Arc::new(Counter::default()), Arc::new(Counter::default())];
        let wakers = counters.clone().map(Into::into);
        for waker in wakers.iter().chain(&wakers) {
            assert!(answer.poll(&Context::from_waker(waker)).is_pending());
        }
        answer.set(Ok(vec![1]));
        assert_eq!(counters.map(|counter| counter.0.load(Ordering::Relaxed)), [1, 1]);
        for waker in &wakers {
            let Poll::Ready(reply) = answer.poll(&Context::from_waker(waker)) else {
                panic!("it has been answered");
            };
            assert_eq!(reply, Ok(Arc::new(vec![1])));
        }
    }

    #[test]
    fn the_first_answer_stays() {
        let answer = Answer::default();
        assert_eq!(answer.now(), None);
        answer.set(Err(CallError::Aborted));
        answer.set(Ok(vec![1]));
        assert_eq!(answer.now(), Some(Err(CallError::Aborted)));
    }
}
