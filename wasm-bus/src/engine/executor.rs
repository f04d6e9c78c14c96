use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
    future::Future,
    pin::{Pin, pin},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

type LocalFuture = Pin<Box<dyn Future<Output = ()>>>;

/// Runs tasks, on one thread.
///
/// - A task runs when it has been spawned, and then each time that it has been woken. One that is
///   woken while it runs is run again.
/// - Nothing is borrowed while a task runs, so a task may spawn others, wake any, and run a nested
///   [`block_on`](Executor::block_on), in which all tasks run but those that are already running.
/// - Wakers may go to other threads.
#[derive(Default)]
pub(crate) struct Executor {
    tasks: RefCell<BTreeMap<u64, Task>>,
    last_id: Cell<u64>,
    ready: Arc<Ready>,
    blocking: Cell<bool>,
}

struct Task {
    /// Nowhere while the task runs.
    future: Option<LocalFuture>,
    /// The task was woken, and found running, by a run inside its own.
    again: bool,
    waker: Arc<TaskWaker>,
}

/// What has been woken and has not run since.
#[derive(Debug, Default)]
struct Ready {
    tasks: Mutex<VecDeque<u64>>,
    /// The future of `block_on`.
    blocked: AtomicBool,
    #[cfg(not(target_arch = "wasm32"))]
    thread: OwnThread,
}

/// A second `block_on` inside the first. Only the first can be waited in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Nested;

impl Executor {
    /// Takes a task, which first runs when the ready ones are run next. Returns its waker.
    pub(crate) fn spawn(&self, future: impl Future<Output = ()> + 'static) -> Waker {
        let id = self.last_id.get() + 1;
        self.last_id.set(id);
        let waker = Arc::new(TaskWaker {
            id,
            queued: AtomicBool::new(false),
            ready: Arc::clone(&self.ready),
        });
        let task = Task { future: Some(Box::pin(future)), again: false, waker: Arc::clone(&waker) };
        self.tasks.borrow_mut().insert(id, task);
        waker.wake_by_ref();
        waker.into()
    }

    /// Runs tasks until none is ready. Returns how many there are.
    pub(crate) fn run_ready(&self) -> usize {
        while let Some(id) = self.ready.next() {
            self.run(id);
        }
        self.tasks.borrow().len()
    }

    /// Makes every task ready, and the future of `block_on`.
    pub(crate) fn wake_all(&self) {
        let wakers: Vec<_> =
            self.tasks.borrow().values().map(|task| Arc::clone(&task.waker)).collect();
        for waker in wakers {
            waker.wake();
        }
        self.ready.wake_blocked();
    }

    /// Runs a future to its end, and tasks beside it. Where nothing is ready it calls `sleep`, which
    /// returns when something may be.
    ///
    /// # Errors
    ///
    /// [`Nested`] inside another `block_on`, and where [`enter`](Executor::enter) says so.
    pub(crate) fn block_on<F: Future>(
        &self,
        future: F,
        sleep: impl Fn(),
    ) -> Result<F::Output, Nested> {
        let entered = self.enter().ok_or(Nested)?;
        let waker = Waker::from(Arc::new(BlockedWaker { ready: Arc::clone(&self.ready) }));
        let mut context = Context::from_waker(&waker);
        let mut future = pin!(future);
        self.ready.start_blocking();
        let output = loop {
            if self.ready.take_blocked()
                && let Poll::Ready(output) = future.as_mut().poll(&mut context)
            {
                break output;
            }
            self.run_ready();
            if !self.ready.any() {
                sleep();
            }
        };
        drop(entered);
        self.run_ready();
        Ok(output)
    }

    /// Keeps others from blocking for as long as the guard lives; `None` where somebody blocks.
    pub(crate) fn enter(&self) -> Option<Entered<'_>> {
        (!self.blocking.replace(true)).then_some(Entered { blocking: &self.blocking })
    }

    fn run(&self, id: u64) {
        let Some((mut future, waker)) = self.take(id) else { return };
        let waker = waker.into();
        let finished = future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready();
        if finished {
            self.tasks.borrow_mut().remove(&id);
            return;
        }
        let again = match self.tasks.borrow_mut().get_mut(&id) {
            Some(task) => {
                task.future = Some(future);
                std::mem::take(&mut task.again)
            }
            None => false,
        };
        if again {
            waker.wake();
        }
    }

    fn take(&self, id: u64) -> Option<(LocalFuture, Arc<TaskWaker>)> {
        let mut tasks = self.tasks.borrow_mut();
        let task = tasks.get_mut(&id)?;
        // Before it runs: what wakes it from now on is not lost.
        task.waker.queued.store(false, Ordering::Release);
        task.again = task.future.is_none();
        Some((task.future.take()?, Arc::clone(&task.waker)))
    }
}

impl std::fmt::Debug for Executor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let tasks = self.tasks.try_borrow().map(|tasks| tasks.len());
        formatter.debug_struct("Executor").field("tasks", &tasks.ok()).finish_non_exhaustive()
    }
}

/// Somebody blocks, or may not be interrupted by somebody who would.
#[derive(Debug)]
pub(crate) struct Entered<'a> {
    blocking: &'a Cell<bool>,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.blocking.set(false);
    }
}

impl Ready {
    fn push(&self, id: u64) {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).push_back(id);
        self.unpark();
    }

    fn next(&self) -> Option<u64> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    fn any(&self) -> bool {
        self.blocked.load(Ordering::Acquire)
            || !self.tasks.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    fn start_blocking(&self) {
        #[cfg(not(target_arch = "wasm32"))]
        self.thread.set();
        self.blocked.store(true, Ordering::Release);
    }

    fn take_blocked(&self) -> bool {
        self.blocked.swap(false, Ordering::AcqRel)
    }

    fn wake_blocked(&self) {
        self.blocked.store(true, Ordering::Release);
        self.unpark();
    }

    fn unpark(&self) {
        #[cfg(not(target_arch = "wasm32"))]
        self.thread.unpark();
    }
}

/// The thread that sleeps where there is no host to wait in.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Debug, Default)]
struct OwnThread(std::sync::OnceLock<std::thread::Thread>);

#[cfg(not(target_arch = "wasm32"))]
impl OwnThread {
    fn set(&self) {
        self.0.get_or_init(std::thread::current);
    }

    fn unpark(&self) {
        if let Some(thread) = self.0.get() {
            thread.unpark();
        }
    }
}

struct TaskWaker {
    id: u64,
    /// It is among the ready ones already.
    queued: AtomicBool,
    ready: Arc<Ready>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.queued.swap(true, Ordering::AcqRel) {
            self.ready.push(self.id);
        }
    }
}

struct BlockedWaker {
    ready: Arc<Ready>,
}

impl Wake for BlockedWaker {
    fn wake(self: Arc<Self>) {
        self.ready.wake_blocked();
    }
}
