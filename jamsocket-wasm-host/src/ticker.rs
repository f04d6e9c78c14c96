use std::{
    fmt, io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    thread::{self, Thread},
    time::Duration,
};

/// How long a guest runs before it is asked to yield.
pub(crate) const TICK: Duration = Duration::from_millis(1);

/// For how many ticks the thread stays awake after the last guest: waking it costs a system call,
/// which a busy server would otherwise pay at every message.
const LINGER: u32 = 50;

/// A thread that ticks every [`TICK`] while some guest runs, and sleeps otherwise.
pub(crate) struct Ticker {
    shared: Arc<Shared>,
    thread: Thread,
}

#[derive(Default)]
struct Shared {
    /// How many callbacks are under way.
    running: AtomicUsize,
    /// Set while the thread is parked, or about to be. It looks at `running` after it has set this,
    /// and who enters looks at this after counting itself, so that one of the two sees the other.
    asleep: AtomicBool,
    stopped: AtomicBool,
}

impl Ticker {
    /// Starts the thread, which calls `tick`.
    pub(crate) fn start(tick: impl Fn() + Send + 'static) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let thread = thread::Builder::new().name("jamsocket-epoch".to_owned()).spawn({
            let shared = Arc::clone(&shared);
            move || shared.run(tick)
        })?;
        Ok(Self { shared, thread: thread.thread().clone() })
    }

    /// Counts a callback as under way until the returned guard is dropped.
    pub(crate) fn enter(&self) -> Running<'_> {
        self.shared.running.fetch_add(1, SeqCst);
        if self.shared.asleep.load(SeqCst) {
            self.thread.unpark();
        }
        Running(&self.shared.running)
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.stopped.store(true, SeqCst);
        self.thread.unpark();
    }
}

impl fmt::Debug for Ticker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticker").finish_non_exhaustive()
    }
}

/// A callback that is under way.
pub(crate) struct Running<'a>(&'a AtomicUsize);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

impl Shared {
    fn run(&self, tick: impl Fn()) {
        let mut idle = 0;
        while !self.stopped.load(SeqCst) {
            thread::sleep(TICK);
            if self.running.load(SeqCst) > 0 {
                idle = 0;
                tick();
            } else if idle < LINGER {
                idle += 1;
            } else {
                idle = 0;
                self.sleep();
            }
        }
    }

    fn sleep(&self) {
        self.asleep.store(true, SeqCst);
        while self.running.load(SeqCst) == 0 && !self.stopped.load(SeqCst) {
            thread::park();
        }
        self.asleep.store(false, SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::{SeqCst, Ticker};
    use std::{sync::mpsc, thread};

    fn ticking() -> (Ticker, mpsc::Receiver<()>) {
        let (tick_tx, tick_rx) = mpsc::channel();
        let ticker = Ticker::start(move || {
            let _ = tick_tx.send(());
        });
        (ticker.unwrap(), tick_rx)
    }

    fn wait_until_asleep(ticker: &Ticker) {
        while !ticker.shared.asleep.load(SeqCst) {
            thread::yield_now();
        }
    }

    #[test]
    fn it_ticks_while_someone_runs() {
        let (ticker, tick_rx) = ticking();
        let _running = ticker.enter();
        for _ in 0..3 {
            tick_rx.recv().unwrap();
        }
    }

    #[test]
    fn it_falls_asleep_when_the_last_has_left_and_wakes_for_the_next() {
        let (ticker, tick_rx) = ticking();
        for _ in 0..3 {
            let first = ticker.enter();
            let second = ticker.enter();
            tick_rx.recv().unwrap();
            drop(first);
            tick_rx.recv().unwrap();
            drop(second);
            wait_until_asleep(&ticker);
            while tick_rx.try_recv().is_ok() {}
        }
    }

    #[test]
    fn it_ends_with_its_ticker_even_while_asleep() {
        let (ticker, tick_rx) = ticking();
        wait_until_asleep(&ticker);
        drop(ticker);
        // The thread owned the sender.
        assert!(tick_rx.recv().is_err());
    }
}
