//! Waiting in the host, and what the host may do meanwhile.

use super::{QUESTION, Question, Step, ask, finish, start};
use crate::{
    CallError,
    SerializationFormat::Json,
    host::scripted::ScriptedHost,
    serve::listen,
    task::{block_on, spawn, wake},
};
use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
    task::Poll,
};

#[test]
fn tasks_go_on_while_something_else_is_waited_for() {
    let host = ScriptedHost::install();
    host.on_poll(|| finish(2, "2"));
    host.on_poll(|| finish(1, "1"));
    let done = Rc::new(Cell::new(false));
    let inner = Rc::clone(&done);
    let waited = block_on(async {
        let first = ask(1).invoke().join::<u32>();
        spawn(async move {
            assert_eq!(ask(2).invoke().join::<u32>().await, Ok(2));
            inner.set(true);
        });
        first.await
    });
    assert_eq!(waited, Ok(1));
    assert!(done.get());
    assert_eq!(host.asked().iter().filter(|asked| *asked == "poll").count(), 2);
}

#[test]
fn a_task_may_wait_when_the_host_has_woken_it_from_outside() {
    let host = ScriptedHost::install();
    let seen = Rc::new(Cell::new(0));
    let inner = Rc::clone(&seen);
    spawn(async move {
        let first = ask(1).invoke().join::<u32>().await;
        assert_eq!(first, Ok(1));
        inner.set(ask(2).invoke().join::<u32>().wait().unwrap());
    });
    crate::task::run_ready();
    host.on_poll(|| finish(2, "20"));
    finish(1, "1");
    assert_eq!(seen.get(), 20);
}

#[test]
fn a_callback_that_waits_has_its_messages_in_order() {
    let host = ScriptedHost::install();
    let log = Rc::new(RefCell::new(Vec::new()));
    let seen = Rc::clone(&log);
    let _call = ask(1)
        .callback(Json, move |Step(step)| {
            if step == 1 {
                assert_eq!(ask(2).invoke().join::<u32>().wait(), Ok(0));
            }
            seen.borrow_mut().push(step);
        })
        .invoke();
    host.on_poll(|| {
        finish(2, "2");
        finish(3, "0");
    });
    finish(2, "1");
    finish(2, "3");
    assert_eq!(*log.borrow(), [1, 2, 3]);
}

#[test]
fn nothing_can_be_waited_for_while_a_call_is_taken_in() {
    let _host = ScriptedHost::install();
    listen(
        Json,
        |_, Question(number)| async move { ask(number).invoke().join::<u32>().wait() },
        false,
    );
    let panic = catch_unwind(AssertUnwindSafe(|| start(None, 7, QUESTION, "1"))).unwrap_err();
    let text = panic.downcast::<&str>().unwrap();
    assert!(text.contains("`block_on` was called where the module is waited for"), "{text}");
    // What unwinds gives the right to wait back.
    assert_eq!(block_on(async { 7 }), 7);
}

#[test]
fn who_waits_can_be_woken_for_nothing() {
    let host = ScriptedHost::install();
    host.on_poll(wake);
    let turns = Cell::new(0);
    let turn = poll_fn(|_| {
        turns.set(turns.get() + 1);
        if turns.get() == 2 { Poll::Ready(()) } else { Poll::Pending }
    });
    block_on(turn);
    assert_eq!(host.asked(), ["poll"]);
}

#[test]
fn without_a_host_calls_fail_and_nothing_panics() {
    assert_eq!(ask(1).invoke().join::<u32>().wait(), Err(CallError::Unsupported));
    assert_eq!(block_on(ask(1).detach::<()>()).err(), Some(CallError::Unsupported));
    drop(ask(1).callback(Json, |Step(_)| {}));
    listen(Json, |_, Question(number)| async move { Ok(number) }, false);
    crate::task::serve();
    assert_eq!(crate::abi::thread_id(), 0);
}
