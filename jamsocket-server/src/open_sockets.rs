use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The WebSockets of a server that are open: how many there may be, and when the last has closed.
#[derive(Debug, Clone)]
pub(crate) struct OpenSockets {
    max: u32,
    places: Arc<Semaphore>,
}

/// A WebSocket's place among those that are open, until it is dropped.
#[derive(Debug)]
pub(crate) struct OpenSocket {
    _place: OwnedSemaphorePermit,
}

impl OpenSockets {
    pub(crate) fn at_most(max: u32) -> Self {
        Self { max, places: Arc::new(Semaphore::new(max as usize)) }
    }

    /// Takes a place, or `None` when all are taken.
    pub(crate) fn open(&self) -> Option<OpenSocket> {
        let place = self.places.clone().try_acquire_owned().ok()?;
        Some(OpenSocket { _place: place })
    }

    /// Returns when none is open. From the call on, none can be opened.
    pub(crate) async fn closed(&self) {
        // It fails only where somebody has called it before.
        let all = self.places.acquire_many(self.max).await;
        self.places.close();
        drop(all);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_can_be_open_as_there_may_be() {
        let sockets = OpenSockets::at_most(2);
        let (first, second) = (sockets.open(), sockets.open());
        assert!(first.is_some() && second.is_some() && sockets.open().is_none());
        drop(first);
        assert!(sockets.open().is_some());
    }

    #[tokio::test]
    async fn the_last_one_to_close_is_waited_for() {
        let sockets = OpenSockets::at_most(2);
        let last = sockets.open();
        let closed = sockets.closed();
        tokio::pin!(closed);
        assert!(
            std::future::poll_fn(|cx| std::task::Poll::Ready(closed.as_mut().poll(cx)))
                .await
                .is_pending()
        );
        assert!(sockets.open().is_none());
        drop(last);
        closed.await;
        sockets.closed().await;
    }
}
