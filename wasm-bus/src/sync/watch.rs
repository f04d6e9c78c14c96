use std::{
    future::poll_fn,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
};

/// A value that one side sets and the other looks at.
pub(crate) fn watch<T>(value: T) -> (Setter<T>, Watch<T>) {
    let shared = Arc::new(Mutex::new(State { value, set: true, waiting: Vec::new() }));
    (Setter { shared: Arc::clone(&shared) }, Watch { shared })
}

/// The side that sets it. When it is dropped, the value is the last.
#[derive(Debug)]
pub(crate) struct Setter<T> {
    shared: Arc<Mutex<State<T>>>,
}

/// The side that looks at it.
#[derive(Debug)]
pub(crate) struct Watch<T> {
    shared: Arc<Mutex<State<T>>>,
}

#[derive(Debug)]
struct State<T> {
    value: T,
    /// It may still be set.
    set: bool,
    waiting: Vec<Waker>,
}

impl<T> Setter<T> {
    pub(crate) fn set(&self, value: T) {
        let mut state = lock(&self.shared);
        let before = std::mem::replace(&mut state.value, value);
        wake(state);
        drop(before);
    }
}

impl<T> Drop for Setter<T> {
    fn drop(&mut self) {
        let mut state = lock(&self.shared);
        state.set = false;
        wake(state);
    }
}

impl<T: Copy> Watch<T> {
    /// The value now.
    pub(crate) fn now(&self) -> T {
        lock(&self.shared).value
    }

    /// What `judge` makes of the first value that it makes anything of, beginning with the value
    /// now; `None` where it has made nothing of the last.
    pub(crate) async fn until<R>(&self, judge: impl Fn(T) -> Option<R>) -> Option<R> {
        poll_fn(|context| {
            let (value, set) = {
                let mut state = lock(&self.shared);
                if !state.waiting.iter().any(|waker| waker.will_wake(context.waker())) {
                    state.waiting.push(context.waker().clone());
                }
                (state.value, state.set)
            };
            match judge(value) {
                Some(result) => Poll::Ready(Some(result)),
                None if !set => Poll::Ready(None),
                None => Poll::Pending,
            }
        })
        .await
    }
}

impl<T> Clone for Watch<T> {
    fn clone(&self) -> Self {
        Watch { shared: Arc::clone(&self.shared) }
    }
}

fn lock<T>(shared: &Mutex<State<T>>) -> MutexGuard<'_, State<T>> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wake<T>(mut state: MutexGuard<'_, State<T>>) {
    let waiting = std::mem::take(&mut state.waiting);
    drop(state);
    for waker in waiting {
        waker.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::watch;
    use crate::task::{block_on, join, spawn};

    #[test]
    fn the_value_now_counts() {
        let (setter, watch) = watch(1);
        setter.set(2);
        assert_eq!(watch.now(), 2);
        assert_eq!(block_on(watch.until(|value| (value > 1).then_some(value))), Some(2));
    }

    #[test]
    fn everybody_who_waits_sees_what_is_set() {
        let (setter, watch) = watch(1);
        let other = watch.clone();
        let seen = block_on(async move {
            spawn(async move { setter.set(3) });
            let judge = |value| (value == 3).then_some(value);
            join(watch.until(judge), other.until(judge)).await
        });
        assert_eq!(seen, (Some(3), Some(3)));
    }

    #[test]
    fn after_the_last_value_nothing_is_waited_for() {
        let (setter, watch) = watch(1);
        let seen = block_on(async move {
            spawn(async move { drop(setter) });
            watch.until(|value| (value == 2).then_some(())).await
        });
        assert_eq!(seen, None);
    }
}
