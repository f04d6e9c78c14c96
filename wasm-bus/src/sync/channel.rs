use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

/// A queue from one callback to one task. It is as long as the host lets it become.
pub(crate) fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let state = State { queue: VecDeque::new(), open: true, waiting: None };
    let shared = Arc::new(Mutex::new(state));
    (Sender { shared: Arc::clone(&shared) }, Receiver { shared })
}

/// Where values come in. The queue ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Sender<T> {
    shared: Arc<Mutex<State<T>>>,
}

/// Where values come out.
#[derive(Debug)]
pub(crate) struct Receiver<T> {
    shared: Arc<Mutex<State<T>>>,
}

#[derive(Debug)]
struct State<T> {
    queue: VecDeque<T>,
    open: bool,
    waiting: Option<Waker>,
}

impl<T> Sender<T> {
    pub(crate) fn send(&self, value: T) {
        let mut state = lock(&self.shared);
        state.queue.push_back(value);
        wake(state);
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let mut state = lock(&self.shared);
        state.open = false;
        wake(state);
    }
}

impl<T> Receiver<T> {
    /// The next value; `None` when there are no more and will be none.
    pub(crate) fn poll_next(&self, context: &Context<'_>) -> Poll<Option<T>> {
        let mut state = lock(&self.shared);
        match state.queue.pop_front() {
            Some(value) => Poll::Ready(Some(value)),
            None if !state.open => Poll::Ready(None),
            None => {
                let before = state.waiting.replace(context.waker().clone());
                drop(state);
                drop(before);
                Poll::Pending
            }
        }
    }
}

fn lock<T>(shared: &Mutex<State<T>>) -> MutexGuard<'_, State<T>> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wake<T>(mut state: MutexGuard<'_, State<T>>) {
    let waiting = state.waiting.take();
    drop(state);
    if let Some(waker) = waiting {
        waker.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::channel;
    use crate::task::{block_on, spawn};
    use std::future::poll_fn;

    #[test]
    fn values_come_in_order_and_then_the_end() {
        let (sender, receiver) = channel();
        sender.send(1);
        sender.send(2);
        drop(sender);
        let received = block_on(async {
            let mut received = Vec::new();
            while let Some(value) = poll_fn(|context| receiver.poll_next(context)).await {
                received.push(value);
            }
            received
        });
        assert_eq!(received, [1, 2]);
    }

    #[test]
    fn who_waits_is_woken_by_a_value_and_by_the_end() {
        let (sender, receiver) = channel();
        let received = block_on(async {
            spawn(async move {
                sender.send(1);
            });
            let first = poll_fn(|context| receiver.poll_next(context)).await;
            (first, poll_fn(|context| receiver.poll_next(context)).await)
        });
        assert_eq!(received, (Some(1), None));
    }
}
