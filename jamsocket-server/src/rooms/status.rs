use std::{
    sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    time::Duration,
};
use tokio::time::Instant;

/// What may be known of a room from outside its thread. Its driver writes it, after each thing that
/// happened; whoever reads it may see one number of before and another of after.
#[derive(Debug)]
pub(crate) struct RoomStatus {
    /// When somebody first asked for the room.
    born: Instant,
    clients: AtomicUsize,
    memory_bytes: AtomicUsize,
    messages: AtomicU64,
    callbacks: AtomicU64,
    busy_nanos: AtomicU64,
    /// When something last happened in the room, in nanoseconds after `born`: some 584 years fit.
    active: AtomicU64,
}

/// What a room has done so far.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RoomWork {
    /// Messages that it received.
    pub(crate) messages: u64,
    /// Callbacks that came to their end.
    pub(crate) callbacks: u64,
    /// The time that those took, waiting included, in nanoseconds.
    pub(crate) busy_nanos: u64,
}

/// What a room's status was at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RoomUsage {
    pub(crate) clients: usize,
    pub(crate) memory_bytes: usize,
    pub(crate) work: RoomWork,
    /// How long the room is there.
    pub(crate) age: Duration,
    /// How long nothing has happened in it.
    pub(crate) idle: Duration,
}

impl RoomStatus {
    pub(crate) fn new() -> Self {
        Self {
            born: Instant::now(),
            clients: AtomicUsize::new(0),
            memory_bytes: AtomicUsize::new(0),
            messages: AtomicU64::new(0),
            callbacks: AtomicU64::new(0),
            busy_nanos: AtomicU64::new(0),
            active: AtomicU64::new(0),
        }
    }

    /// Something has happened in the room, till `now`.
    pub(crate) fn publish(
        &self,
        clients: usize,
        memory_bytes: usize,
        work: RoomWork,
        now: Instant,
    ) {
        self.clients.store(clients, Relaxed);
        self.memory_bytes.store(memory_bytes, Relaxed);
        self.messages.store(work.messages, Relaxed);
        self.callbacks.store(work.callbacks, Relaxed);
        self.busy_nanos.store(work.busy_nanos, Relaxed);
        let active = now.saturating_duration_since(self.born);
        self.active.store(active.as_nanos() as u64, Relaxed);
    }

    pub(crate) fn read(&self, now: Instant) -> RoomUsage {
        let age = now.saturating_duration_since(self.born);
        let active = Duration::from_nanos(self.active.load(Relaxed));
        RoomUsage {
            clients: self.clients.load(Relaxed),
            memory_bytes: self.memory_bytes.load(Relaxed),
            work: RoomWork {
                messages: self.messages.load(Relaxed),
                callbacks: self.callbacks.load(Relaxed),
                busy_nanos: self.busy_nanos.load(Relaxed),
            },
            age,
            idle: age.saturating_sub(active),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_is_idle_since_something_last_happened() {
        let status = RoomStatus::new();
        let at = |seconds| status.born + Duration::from_secs(seconds);
        let fresh = RoomUsage {
            clients: 0,
            memory_bytes: 0,
            work: RoomWork::default(),
            age: Duration::from_secs(2),
            idle: Duration::from_secs(2),
        };
        assert_eq!(status.read(at(2)), fresh);
        let work = RoomWork { messages: 5, callbacks: 6, busy_nanos: 7 };
        status.publish(3, 4, work, at(5));
        let used = RoomUsage {
            clients: 3,
            memory_bytes: 4,
            work,
            age: Duration::from_secs(7),
            idle: Duration::from_secs(2),
        };
        assert_eq!(status.read(at(7)), used);
        // Read with a clock that was looked at before.
        assert_eq!(status.read(at(4)).idle, Duration::ZERO);
    }
}
