//! The memories of all rooms of an engine, counted together.

use jamsocket::host::BoundValue;
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

/// How many bytes the rooms' memories have together, and how many they may.
#[derive(Debug)]
pub(crate) struct TotalMemory {
    limit: usize,
    taken: AtomicUsize,
}

impl TotalMemory {
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { limit, taken: AtomicUsize::new(0) })
    }

    /// The number stands for no other memory, so that no order with other operations is needed.
    fn take(&self, bytes: usize) -> bool {
        let more = |taken: usize| taken.checked_add(bytes).filter(|sum| *sum <= self.limit);
        self.taken.fetch_update(Relaxed, Relaxed, more).is_ok()
    }

    fn give_back(&self, bytes: usize) {
        self.taken.fetch_sub(bytes, Relaxed);
    }
}

/// The bound, as a room is told of it that does not fit.
impl fmt::Display for TotalMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limit = self.limit.to_size();
        write!(f, "{limit} of memory for all rooms of WebAssembly modules (total_memory_bytes)")
    }
}

/// One room's share of the memory. It is given back when this is dropped.
#[derive(Debug)]
pub(crate) struct MemoryShare {
    total: Arc<TotalMemory>,
    bytes: usize,
}

impl MemoryShare {
    /// A share of nothing yet.
    pub(crate) fn of(total: Arc<TotalMemory>) -> Self {
        Self { total, bytes: 0 }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn total(&self) -> &TotalMemory {
        &self.total
    }

    /// Makes it this large, if that is not too much for all rooms together. Returns whether it was
    /// done.
    pub(crate) fn resize(&mut self, bytes: usize) -> bool {
        if bytes > self.bytes && !self.total.take(bytes - self.bytes) {
            return false;
        }
        self.total.give_back(self.bytes.saturating_sub(bytes));
        self.bytes = bytes;
        true
    }
}

impl Drop for MemoryShare {
    fn drop(&mut self) {
        self.total.give_back(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_to_the_limit_and_no_further() {
        let total = TotalMemory::new(10);
        let [mut one, mut other] = [(); 2].map(|()| MemoryShare::of(Arc::clone(&total)));
        assert!(one.resize(4) && other.resize(6));
        assert!(!one.resize(5) && one.bytes() == 4);
        assert!(other.resize(5) && one.resize(5) && !other.resize(6));
        drop(one);
        assert!(!other.resize(11) && !other.resize(usize::MAX) && other.resize(10));
        drop(other);
        assert_eq!(total.taken.load(Relaxed), 0);
    }

    #[test]
    fn shares_that_are_taken_on_many_threads_add_up() {
        let total = TotalMemory::new(usize::MAX);
        std::thread::scope(|threads| {
            for bytes in 1..=4 {
                let total = &total;
                threads.spawn(move || {
                    for _ in 0..1000 {
                        let mut share = MemoryShare::of(Arc::clone(total));
                        assert!(share.resize(bytes) && share.resize(bytes * 2));
                    }
                });
            }
        });
        assert_eq!(total.taken.load(Relaxed), 0);
    }
}
