use crate::engine;
use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

/// Starts a task, which runs beside all others, and returns what it can be waited for with.
///
/// The task first runs when the module next waits or returns to the host: inside
/// [`block_on`](crate::task::block_on) or before a call of the host's ends. It goes on when the
/// [`JoinHandle`] is dropped.
///
/// ```
/// use wasm_bus::task::{block_on, spawn};
///
/// let sum = block_on(async {
///     let (one, two) = (spawn(async { 1 }), spawn(async { 2 }));
///     one.await.unwrap() + two.await.unwrap()
/// });
/// assert_eq!(sum, 3);
/// ```
pub fn spawn<F: Future + 'static>(task: F) -> JoinHandle<F::Output> {
    let shared = Arc::new(Shared(Mutex::new(State {
        outcome: Outcome::Awaited,
        cancelled: false,
        waiting: None,
    })));
    let task = Task { future: Some(Box::pin(task)), shared: Arc::clone(&shared) };
    let waker = engine::with(|engine| engine.spawn(task));
    JoinHandle { shared, waker }
}

/// A task's outcome, as a future. Dropping it leaves the task to itself.
pub struct JoinHandle<T> {
    shared: Arc<Shared<T>>,
    waker: Waker,
}

/// The task was cancelled before it came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the task was cancelled")]
#[non_exhaustive]
pub struct Cancelled;

impl<T> JoinHandle<T> {
    /// Ends the task where it stands: it does not run again, and what it holds is dropped when the
    /// ready tasks run next. One that has come to its end keeps its outcome.
    pub fn abort(&self) {
        self.shared.lock().cancelled = true;
        self.waker.wake_by_ref();
    }

    /// Whether the task has come to its end, or was cancelled.
    pub fn is_finished(&self) -> bool {
        !matches!(self.shared.lock().outcome, Outcome::Awaited)
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, Cancelled>;

    /// # Panics
    ///
    /// Panics where the outcome has been handed out already.
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.shared.lock();
        match std::mem::replace(&mut state.outcome, Outcome::Taken) {
            Outcome::Ready(outcome) => Poll::Ready(outcome),
            Outcome::Awaited => {
                state.outcome = Outcome::Awaited;
                let before = state.waiting.replace(context.waker().clone());
                drop(state);
                drop(before);
                Poll::Pending
            }
            Outcome::Taken => panic!("a `JoinHandle` was polled after it was ready"),
        }
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("JoinHandle").field("finished", &self.is_finished()).finish()
    }
}

struct Shared<T>(Mutex<State<T>>);

struct State<T> {
    outcome: Outcome<T>,
    cancelled: bool,
    waiting: Option<Waker>,
}

enum Outcome<T> {
    Awaited,
    Ready(Result<T, Cancelled>),
    Taken,
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn finish(&self, outcome: Result<T, Cancelled>) {
        let mut state = self.lock();
        state.outcome = Outcome::Ready(outcome);
        let waiting = state.waiting.take();
        drop(state);
        if let Some(waker) = waiting {
            waker.wake();
        }
    }
}

/// What the engine runs: the task's own future, until it ends or is cancelled.
struct Task<F: Future> {
    future: Option<Pin<Box<F>>>,
    shared: Arc<Shared<F::Output>>,
}

// Nothing in here is pinned but behind the box.
impl<F: Future> Unpin for Task<F> {}

impl<F: Future> Future for Task<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let cancelled = self.shared.lock().cancelled;
        let outcome = match &mut self.future {
            Some(future) if !cancelled => match future.as_mut().poll(context) {
                Poll::Ready(output) => Ok(output),
                Poll::Pending => return Poll::Pending,
            },
            _ => Err(Cancelled),
        };
        // Before anybody hears of it, so that what the task held is gone by then.
        self.future = None;
        self.shared.finish(outcome);
        Poll::Ready(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Cancelled, spawn};
    use crate::task::{block_on, run_ready};
    use std::{cell::Cell, future::pending, rc::Rc};

    #[test]
    fn a_task_runs_on_when_its_handle_is_dropped() {
        let ran = Rc::new(Cell::new(false));
        let inner = Rc::clone(&ran);
        drop(spawn(async move { inner.set(true) }));
        assert!(!ran.get());
        assert_eq!(run_ready(), 0);
        assert!(ran.get());
    }

    #[test]
    fn an_aborted_task_drops_what_it_holds() {
        let held = Rc::new(());
        let alive = Rc::downgrade(&held);
        let task = spawn(async move {
            let _held = held;
            pending::<()>().await;
        });
        assert_eq!(run_ready(), 1);
        assert!(!task.is_finished());
        task.abort();
        assert_eq!(run_ready(), 0);
        assert!(alive.upgrade().is_none());
        assert!(task.is_finished());
        assert_eq!(block_on(task), Err(Cancelled));
    }

    #[test]
    fn a_task_that_never_ran_can_be_aborted() {
        let task = spawn(async { unreachable!("it is cancelled before it runs") });
        task.abort();
        assert_eq!(block_on(task), Err::<(), _>(Cancelled));
    }

    #[test]
    fn what_has_ended_keeps_its_outcome() {
        let task = spawn(async { 7 });
        run_ready();
        task.abort();
        run_ready();
        assert_eq!(block_on(task), Ok(7));
    }
}
