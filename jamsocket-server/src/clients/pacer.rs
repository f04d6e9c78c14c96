use std::{
    cell::RefCell,
    collections::VecDeque,
    future::poll_fn,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

/// How many are woken before others of the thread have their turn.
const TURN: usize = 32;

/// For how many the queue keeps its space while it is empty.
const KEPT: usize = 1_024;

thread_local! {
    static PACER: RefCell<Option<Arc<Pacer>>> = RefCell::default();
}

/// Wakes the clients of a worker thread who have something to write, some at a time.
///
/// A broadcast reaches all clients of a room at once. If they were all woken at once, whatever came
/// next on their thread would wait until the last of them had written; and a message that comes
/// meanwhile can still leave with the one before it, where that has not left yet. From another
/// thread, one wake-up of this one does for all of them.
#[derive(Debug, Default)]
pub(crate) struct Pacer {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    due: VecDeque<Waker>,
    task: Option<Waker>,
    /// Whether the task has to be woken for what is new.
    waits: bool,
    /// Unless there is a task, everyone is woken at once.
    runs: bool,
}

impl Pacer {
    /// The pacer of this thread.
    pub(crate) fn here() -> Arc<Self> {
        PACER.with_borrow_mut(|here| {
            // One whose task has ended belonged to a runtime before this one.
            here.take_if(|pacer| !pacer.lock().runs);
            here.get_or_insert_with(Self::start).clone()
        })
    }

    fn start() -> Arc<Self> {
        let pacer = Arc::new(Self::default());
        pacer.lock().runs = true;
        let running = Running(pacer.clone());
        actix_web::rt::spawn(poll_fn(move |cx| running.0.poll(cx)));
        pacer
    }

    /// Wakes a client when it is its turn.
    pub(super) fn wake(&self, client: Waker) {
        let mut state = self.lock();
        if !state.runs {
            drop(state);
            return client.wake();
        }
        state.due.push_back(client);
        if !mem::take(&mut state.waits) {
            return;
        }
        let task = state.task.clone();
        drop(state);
        if let Some(task) = task {
            task.wake();
        }
    }

    fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        let turn = state.due.len().min(TURN);
        let clients: Vec<_> = state.due.drain(..turn).collect();
        let is_over = state.due.is_empty();
        if is_over {
            state.due.shrink_to(KEPT);
            state.waits = true;
            match &mut state.task {
                Some(task) => task.clone_from(cx.waker()),
                none => *none = Some(cx.waker().clone()),
            }
        }
        drop(state);
        clients.into_iter().for_each(Waker::wake);
        if !is_over {
            // Behind those that have been woken, and who else has come before.
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends the pacing with its task, however that ends.
struct Running(Arc<Pacer>);

impl Drop for Running {
    fn drop(&mut self) {
        let state = mem::take(&mut *self.0.lock());
        state.due.into_iter().for_each(Waker::wake);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        sync::atomic::{AtomicUsize, Ordering::SeqCst},
        task::Wake,
        thread,
    };
    use tokio::task::yield_now;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Count {
        fn get(&self) -> usize {
            self.0.load(SeqCst)
        }
    }

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, SeqCst);
        }
    }

    fn wake(pacer: &Pacer, woken: &Arc<Count>, times: usize) {
        (0..times).for_each(|_| pacer.wake(woken.clone().into()));
    }

    #[actix_web::test]
    async fn others_of_the_thread_have_their_turn_however_many_are_to_be_woken() {
        let (pacer, woken) = (Pacer::here(), Arc::new(Count::default()));
        wake(&pacer, &woken, 2 * TURN + 1);
        let mut seen = Vec::new();
        let other = actix_web::rt::spawn(poll_fn(move |cx| {
            seen.push(woken.get());
            if woken.get() == 2 * TURN + 1 {
                return Poll::Ready(mem::take(&mut seen));
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        }));
        let seen = other.await.unwrap();
        assert_eq!(seen, [TURN, 2 * TURN, 2 * TURN + 1]);
    }

    #[actix_web::test]
    async fn who_has_waited_is_woken_from_another_thread_too() {
        let (pacer, woken) = (Pacer::here(), Arc::new(Count::default()));
        for times in 1..4 {
            // The task has nothing more to do, and waits.
            while !pacer.lock().waits {
                yield_now().await;
            }
            thread::scope(|scope| scope.spawn(|| wake(&pacer, &woken, 1)).join()).unwrap();
            while woken.get() < times {
                yield_now().await;
            }
        }
    }

    #[test]
    fn what_is_due_at_the_end_of_a_runtime_is_woken_and_the_next_one_has_a_pacer_of_its_own() {
        let woken = Arc::new(Count::default());
        let system = actix_web::rt::System::new();
        let pacer = system.block_on(async { Pacer::here() });
        wake(&pacer, &woken, 1);
        drop(system);
        assert_eq!(woken.get(), 1);
        wake(&pacer, &woken, 1);
        assert_eq!(woken.get(), 2, "without a task everyone is woken at once");
        actix_web::rt::System::new().block_on(async {
            assert!(!Arc::ptr_eq(&Pacer::here(), &pacer));
        });
    }
}
