use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::{Context, Poll},
};

/// Runs two futures beside each other, and returns what both come to.
///
/// ```
/// use wasm_bus::task::{block_on, join};
///
/// assert_eq!(block_on(join(async { 1 }, async { "two" })), (1, "two"));
/// ```
pub async fn join<A: Future, B: Future>(first: A, second: B) -> (A::Output, B::Output) {
    let (mut first, mut second) = (pin!(first), pin!(second));
    let (mut first_output, mut second_output) = (None, None);
    poll_fn(move |context| {
        step(first.as_mut(), &mut first_output, context);
        step(second.as_mut(), &mut second_output, context);
        match (first_output.take(), second_output.take()) {
            (Some(first), Some(second)) => Poll::Ready((first, second)),
            (first, second) => {
                (first_output, second_output) = (first, second);
                Poll::Pending
            }
        }
    })
    .await
}

/// Runs futures beside each other, and returns what they come to, in their order.
///
/// ```
/// use wasm_bus::task::{block_on, join_all};
///
/// let squares = block_on(join_all((1..=3).map(|number| async move { number * number })));
/// assert_eq!(squares, [1, 4, 9]);
/// ```
pub async fn join_all<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    poll_fn(|context| {
        for (future, output) in &mut running {
            step(future.as_mut(), output, context);
        }
        match running.iter().all(|(_, output)| output.is_some()) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    })
    .await;
    running.into_iter().filter_map(|(_, output)| output).collect()
}

/// Polls a future that has not come to anything yet.
fn step<F: Future>(future: Pin<&mut F>, output: &mut Option<F::Output>, context: &mut Context<'_>) {
    if output.is_none()
        && let Poll::Ready(value) = future.poll(context)
    {
        *output = Some(value);
    }
}

#[cfg(test)]
mod tests {
    use super::{join, join_all};
    use crate::task::block_on;
    use std::{cell::RefCell, future::poll_fn, task::Poll};

    /// Ends when it has been polled that often.
    async fn turns(turns: u32, name: &'static str, log: &RefCell<Vec<&'static str>>) -> u32 {
        let mut left = turns;
        poll_fn(|context| {
            log.borrow_mut().push(name);
            left -= 1;
            if left == 0 {
                return Poll::Ready(turns);
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await
    }

    #[test]
    fn both_go_on_beside_each_other_and_none_after_its_end() {
        let log = RefCell::default();
        let outputs = block_on(join(turns(1, "a", &log), turns(3, "b", &log)));
        assert_eq!(outputs, (1, 3));
        assert_eq!(*log.borrow(), ["a", "b", "b", "b"]);
    }

    #[test]
    fn outputs_are_in_the_order_of_their_futures() {
        let log = RefCell::default();
        let futures = [turns(2, "a", &log), turns(1, "b", &log)];
        assert_eq!(block_on(join_all(futures)), [2, 1]);
        assert_eq!(*log.borrow(), ["a", "b", "a"]);
        assert!(block_on(join_all(Vec::<std::future::Ready<()>>::new())).is_empty());
    }
}
