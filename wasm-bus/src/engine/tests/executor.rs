//! Tasks, without a host.

use crate::engine::executor::{Executor, Nested};
use std::{
    cell::{Cell, RefCell},
    future::{pending, poll_fn, ready},
    rc::Rc,
    task::{Poll, Waker},
    thread,
};

fn never_sleeps() {
    panic!("there is nothing to wait for");
}

/// A future that writes its name down each time it runs, and ends when the cell is set.
fn noted(
    name: &'static str,
    log: &Rc<RefCell<Vec<&'static str>>>,
    done: &Rc<Cell<bool>>,
) -> impl Future<Output = ()> + 'static {
    let (log, done) = (Rc::clone(log), Rc::clone(done));
    poll_fn(move |_| {
        log.borrow_mut().push(name);
        if done.get() { Poll::Ready(()) } else { Poll::Pending }
    })
}

#[test]
fn a_task_runs_when_it_is_spawned_and_when_it_is_woken() {
    let (executor, log, done) = (Executor::default(), Rc::default(), Rc::new(Cell::new(false)));
    let waker = executor.spawn(noted("a", &log, &done));
    executor.spawn(noted("b", &log, &done));
    assert!(log.borrow().is_empty());
    assert_eq!(executor.run_ready(), 2);
    assert_eq!(*log.borrow(), ["a", "b"]);
    assert_eq!(executor.run_ready(), 2);
    assert_eq!(*log.borrow(), ["a", "b"], "nothing was woken");
    waker.wake_by_ref();
    waker.wake_by_ref();
    executor.run_ready();
    assert_eq!(*log.borrow(), ["a", "b", "a"], "twice woken is run once");
    done.set(true);
    waker.wake_by_ref();
    assert_eq!(executor.run_ready(), 1);
    waker.wake();
    assert_eq!(executor.run_ready(), 1, "waking what has ended is nothing");
}

#[test]
fn a_task_that_is_woken_while_it_runs_is_run_again() {
    let executor = Executor::default();
    let runs = Rc::new(Cell::new(0));
    let counted = Rc::clone(&runs);
    executor.spawn(poll_fn(move |context| {
        counted.set(counted.get() + 1);
        if counted.get() == 3 {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }));
    assert_eq!(executor.run_ready(), 0);
    assert_eq!(runs.get(), 3);
}

#[test]
fn a_task_may_spawn_others() {
    let executor = Rc::new(Executor::default());
    let (log, done) = (Rc::default(), Rc::new(Cell::new(true)));
    let inner = (Rc::clone(&executor), Rc::clone(&log), Rc::clone(&done));
    executor.spawn(async move {
        let (executor, log, done) = inner;
        executor.spawn(noted("inner", &log, &done));
        log.borrow_mut().push("outer");
    });
    assert_eq!(executor.run_ready(), 0);
    assert_eq!(*log.borrow(), ["outer", "inner"]);
}

#[test]
fn block_on_runs_the_others_until_its_own_ends() {
    let executor = Executor::default();
    let shared: Rc<RefCell<Option<Waker>>> = Rc::default();
    let (setter, turns) = (Rc::clone(&shared), Rc::new(Cell::new(0)));
    let counted = Rc::clone(&turns);
    executor.spawn(async move {
        counted.set(1);
        if let Some(waker) = setter.borrow_mut().take() {
            waker.wake();
        }
    });
    let seen = Rc::clone(&turns);
    let output = executor.block_on(
        poll_fn(move |context| match seen.get() {
            0 => {
                *shared.borrow_mut() = Some(context.waker().clone());
                Poll::Pending
            }
            turns => Poll::Ready(turns),
        }),
        never_sleeps,
    );
    assert_eq!(output, Ok(1));
}

#[test]
fn block_on_sleeps_where_nothing_is_ready() {
    let executor = Executor::default();
    let (slept, waker) = (Cell::new(0), RefCell::new(None::<Waker>));
    let output = executor.block_on(
        poll_fn(|context| {
            *waker.borrow_mut() = Some(context.waker().clone());
            if slept.get() < 3 { Poll::Pending } else { Poll::Ready("awake") }
        }),
        || {
            slept.set(slept.get() + 1);
            // The first time it returns for nothing, as it may.
            if slept.get() > 1 {
                waker.borrow().as_ref().unwrap().wake_by_ref();
            }
        },
    );
    assert_eq!(output, Ok("awake"));
    assert_eq!(slept.get(), 3);
}

#[test]
fn what_was_spawned_has_run_when_block_on_returns() {
    let executor = Executor::default();
    let (log, done) = (Rc::default(), Rc::new(Cell::new(false)));
    executor.spawn(noted("task", &log, &done));
    assert_eq!(executor.block_on(ready(7), never_sleeps), Ok(7));
    assert_eq!(*log.borrow(), ["task"]);
}

#[test]
fn only_one_can_block() {
    let executor = Executor::default();
    let nested =
        executor.block_on(async { executor.block_on(pending::<()>(), never_sleeps) }, never_sleeps);
    assert_eq!(nested, Ok(Err(Nested)));
    let entered = executor.enter().unwrap();
    assert_eq!(executor.block_on(ready(()), never_sleeps), Err(Nested));
    drop(entered);
    assert_eq!(executor.block_on(ready(()), never_sleeps), Ok(()));
}

#[test]
fn a_task_may_block_and_is_run_again_when_it_was_woken_meanwhile() {
    let executor = Rc::new(Executor::default());
    let (log, done) = (Rc::default(), Rc::new(Cell::new(true)));
    let runs = Rc::new(Cell::new(0));
    let inner = (Rc::clone(&executor), Rc::clone(&log), Rc::clone(&runs));
    executor.spawn(poll_fn(move |context| {
        let (executor, log, runs) = &inner;
        runs.set(runs.get() + 1);
        if runs.get() == 2 {
            return Poll::Ready(());
        }
        executor.spawn(noted("beside", log, &done));
        context.waker().wake_by_ref();
        // The nested run meets the wake of the task that it is itself in.
        assert_eq!(executor.block_on(ready(1), never_sleeps), Ok(1));
        assert_eq!(*log.borrow(), ["beside"]);
        Poll::Pending
    }));
    assert_eq!(executor.run_ready(), 0);
    assert_eq!(runs.get(), 2);
}

#[test]
fn everybody_can_be_woken_at_once() {
    let (executor, log, done) = (Executor::default(), Rc::default(), Rc::new(Cell::new(false)));
    executor.spawn(noted("a", &log, &done));
    executor.spawn(noted("b", &log, &done));
    executor.run_ready();
    executor.wake_all();
    executor.run_ready();
    assert_eq!(*log.borrow(), ["a", "b", "a", "b"]);
}

#[test]
fn another_thread_ends_the_sleep() {
    let executor = Executor::default();
    let mut worker = None;
    let output = executor.block_on(
        poll_fn(move |context| match worker.take() {
            None => {
                let waker = context.waker().clone();
                worker = Some(thread::spawn(move || waker.wake()));
                Poll::Pending
            }
            Some(worker) => Poll::Ready(worker.join().is_ok()),
        }),
        thread::park,
    );
    assert_eq!(output, Ok(true));
}
