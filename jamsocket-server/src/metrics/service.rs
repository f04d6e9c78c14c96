use super::{Callback, Closing, CountedBy, Counter, Failure, Refusal, Traffic, histogram::Times};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::{self, ThreadId},
};

/// All that is counted of one service.
#[derive(Debug, Default)]
pub(crate) struct ServiceMetrics {
    pub(crate) refusals: CountedBy<Refusal>,
    pub(crate) closes: CountedBy<Closing>,
    /// Rooms that ended by their service's fault.
    pub(crate) room_failures: CountedBy<Failure>,
    /// Rooms that could not be built.
    pub(crate) build_failures: CountedBy<Failure>,
    pub(crate) started_rooms: Counter,
    /// Clients for whom more waited than may.
    pub(crate) slow_clients: Counter,
    /// How often a client was not read because its room had too much to do.
    pub(crate) paused_clients: Counter,
    /// WebSockets whose peer did not come to the end of the closing in time.
    pub(crate) close_timeouts: Counter,
    /// WebSockets that were opened.
    pub(crate) connections: Counter,
    ended_connections: Counter,
    traffic: Mutex<Vec<(ThreadId, Arc<Traffic>)>>,
}

impl ServiceMetrics {
    /// What is counted on the current thread.
    pub(crate) fn traffic(&self) -> Arc<Traffic> {
        let mut threads = self.threads();
        let this = thread::current().id();
        if let Some((_, traffic)) = threads.iter().find(|(thread, _)| *thread == this) {
            return traffic.clone();
        }
        let traffic = Arc::<Traffic>::default();
        threads.push((this, traffic.clone()));
        traffic
    }

    /// The sum over all threads.
    pub(super) fn sum(&self, read: impl Fn(&Traffic) -> u64) -> u64 {
        self.threads().iter().map(|(_, traffic)| read(traffic)).sum()
    }

    /// The times of this callback on all threads.
    pub(super) fn times(&self, callback: Callback) -> Times {
        let mut times = Times::default();
        for (_, traffic) in self.threads().iter() {
            traffic.callback(callback).add_to(&mut times);
        }
        times
    }

    /// How many WebSockets are open.
    pub(super) fn open_connections(&self) -> u64 {
        // The end first: one that is opened in between must not make the difference negative.
        let ended = self.ended_connections.get();
        self.connections.get().saturating_sub(ended)
    }

    fn threads(&self) -> MutexGuard<'_, Vec<(ThreadId, Arc<Traffic>)>> {
        self.traffic.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A WebSocket that is open, until this is dropped.
#[derive(Debug)]
pub(crate) struct OpenConnection(Arc<ServiceMetrics>);

impl OpenConnection {
    pub(crate) fn new(metrics: &Arc<ServiceMetrics>) -> Self {
        metrics.connections.count();
        Self(metrics.clone())
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.ended_connections.count();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thread_has_its_own_numbers_and_they_add_up() {
        let metrics = ServiceMetrics::default();
        metrics.traffic().sent_bytes.add(1);
        std::thread::scope(|threads| {
            for _ in 0..3 {
                threads.spawn(|| {
                    for _ in 0..1_000 {
                        metrics.traffic().sent_bytes.add(2);
                    }
                });
            }
        });
        metrics.traffic().sent_bytes.add(1);
        assert_eq!(metrics.sum(|traffic| traffic.sent_bytes.get()), 6_002);
        assert_eq!(metrics.threads().len(), 4);
    }

    #[test]
    fn a_connection_is_open_until_it_is_dropped() {
        let metrics = Arc::new(ServiceMetrics::default());
        let (one, other) = (OpenConnection::new(&metrics), OpenConnection::new(&metrics));
        assert_eq!(metrics.open_connections(), 2);
        drop(one);
        assert_eq!((metrics.open_connections(), metrics.connections.get()), (1, 2));
        drop(other);
        assert_eq!(metrics.open_connections(), 0);
    }
}
