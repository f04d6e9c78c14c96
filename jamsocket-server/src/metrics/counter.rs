use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A number that only grows, and that any thread may add to: for what happens seldom.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn count(&self) {
        self.0.fetch_add(1, Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// A number that only grows, that one thread alone adds to, and that any thread may read: for what
/// happens with each message.
///
/// To add is a load and a store, which take no longer than those of a plain integer; no other
/// processor is asked. Two threads that add to one would lose some of what they add, and no more.
#[derive(Debug, Default)]
pub(crate) struct OwnCounter(AtomicU64);

impl OwnCounter {
    pub(crate) fn add(&self, n: u64) {
        self.0.store(self.0.load(Relaxed).wrapping_add(n), Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost_where_many_threads_count() {
        let counter = Counter::default();
        std::thread::scope(|threads| {
            for _ in 0..4 {
                threads.spawn(|| (0..1_000).for_each(|_| counter.count()));
            }
        });
        assert_eq!(counter.get(), 4_000);
    }

    #[test]
    fn what_its_own_thread_adds_another_reads() {
        let counter = OwnCounter::default();
        counter.add(2);
        counter.add(40);
        let read = std::thread::scope(|threads| threads.spawn(|| counter.get()).join().unwrap());
        assert_eq!(read, 42);
    }
}
