//! Calls to others, and what comes of them.

use super::{QUESTION, STEP, Step, ask, closed, error, finish};
use crate::{
    CallError, CallHandle, CallInstance,
    SerializationFormat::Json,
    abi::{DetachedCall, call},
    host::scripted::ScriptedHost,
    task::{block_on, join, run_ready, spawn},
};
use serde::{Serialize, Serializer};
use std::{borrow::Cow, cell::RefCell, rc::Rc};

#[test]
fn a_call_is_made_and_its_handle_is_free_when_it_is_answered() {
    let host = ScriptedHost::install();
    host.on_poll(|| finish(1, "42"));
    assert_eq!(ask(6).invoke().join::<u32>().wait(), Ok(42));
    assert_eq!(host.asked(), [&format!("call - 1 0 oracle {QUESTION} 6"), "poll", "drop 1"]);
}

#[test]
fn a_call_may_be_to_an_instance() {
    let host = ScriptedHost::install();
    let room = CallInstance::new("lobby/1", "token");
    let _ = call(Cow::Borrowed("room"), Json, Some(room), super::Question(1)).invoke();
    assert_eq!(host.asked(), [format!("call - 1 0 lobby/1(token) room {QUESTION} 1")]);
}

#[test]
fn answers_come_in_any_order() {
    let host = ScriptedHost::install();
    host.on_poll(|| {
        finish(2, "20");
        finish(1, "10");
    });
    let (first, second) = (ask(1).invoke().join::<u32>(), ask(2).invoke().join::<u32>());
    assert_eq!(block_on(join(first, second)), (Ok(10), Ok(20)));
}

#[test]
fn a_call_fails_with_what_the_host_says() {
    let host = ScriptedHost::install();
    for (code, expected) in [
        (3, CallError::InvalidWapm),
        (18, CallError::AccessDenied),
        (0, CallError::Success),
        (1000, CallError::Unknown),
    ] {
        let call = ask(1).invoke();
        let handle = call.id();
        host.on_poll(move || error(handle, code));
        assert_eq!(call.join::<u32>().wait(), Err(expected));
        assert_eq!(host.asked().last(), Some(&format!("drop {handle}")));
    }
}

#[test]
fn a_call_that_the_host_refuses_is_over_at_once() {
    let host = ScriptedHost::install();
    host.refuse_calls(18);
    let mut join = ask(1).invoke().join::<u32>();
    assert_eq!(join.try_wait(), Err(CallError::AccessDenied));
    assert_eq!(host.asked().last().map(String::as_str), Some("drop 1"));
}

#[test]
fn what_cannot_be_written_is_never_sent() {
    struct Unwritable;
    impl Serialize for Unwritable {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("never"))
        }
    }
    let host = ScriptedHost::install();
    let call = call(Cow::Borrowed("oracle"), Json, None, Unwritable).invoke();
    assert_eq!(call.join::<()>().wait(), Err(CallError::SerializationFailed));
    assert_eq!(host.asked(), ["drop 1"]);
}

#[test]
fn an_answer_of_another_type_is_an_error() {
    let host = ScriptedHost::install();
    host.on_poll(|| finish(1, "\"forty-two\""));
    assert_eq!(ask(6).invoke().join::<u32>().wait(), Err(CallError::DeserializationFailed));
}

#[test]
fn an_outcome_can_be_looked_at_without_waiting_and_more_than_once() {
    let _host = ScriptedHost::install();
    let mut join = ask(1).invoke().join::<u32>();
    let other = join.clone();
    assert_eq!(join.try_wait(), Ok(None));
    finish(1, "5");
    assert_eq!(join.try_wait(), Ok(Some(5)));
    assert_eq!(join.try_wait(), Ok(Some(5)));
    assert_eq!(block_on(other), Ok(5));
}

#[test]
fn callbacks_take_messages_until_the_answer() {
    let host = ScriptedHost::install();
    let steps = Rc::new(RefCell::new(Vec::new()));
    let seen = Rc::clone(&steps);
    host.on_poll(|| {
        finish(2, "1");
        finish(2, "\"no number\"");
        finish(2, "2");
        finish(1, "3");
        finish(2, "4");
    });
    let call = ask(1).callback(Json, move |Step(step)| seen.borrow_mut().push(step));
    assert_eq!(call.invoke().join::<u32>().wait(), Ok(3));
    assert_eq!(*steps.borrow(), [1, 2]);
    assert_eq!(Rc::strong_count(&steps), 1, "the callback is gone");
    assert_eq!(
        host.asked(),
        [
            &format!("callback 1 2 {STEP}"),
            &format!("call - 1 0 oracle {QUESTION} 1"),
            "poll",
            "drop 1",
        ]
    );
}

#[test]
fn a_call_that_is_not_made_is_given_back_with_its_callbacks() {
    let host = ScriptedHost::install();
    let held = Rc::new(());
    let inner = Rc::clone(&held);
    drop(ask(1).callback(Json, move |Step(_)| drop(Rc::clone(&inner))));
    assert_eq!(host.asked(), [&format!("callback 1 2 {STEP}"), "drop 1"]);
    assert_eq!(Rc::strong_count(&held), 1);
}

#[test]
fn handles_that_are_in_use_are_asked_for_again() {
    let host = ScriptedHost::install();
    host.give_handles([5, 5, 5, 6]);
    assert_eq!([ask(1).invoke().id(), ask(2).invoke().id()], [5, 6]);
}

#[test]
fn nobody_has_to_wait_for_a_call() {
    let host = ScriptedHost::install();
    ask(1).invoke().join::<u32>().spawn();
    assert_eq!(host.asked().len(), 1, "there is no taking back");
    finish(1, "7");
    assert_eq!(host.asked(), ["drop 1"]);
}

#[test]
fn a_call_whose_far_side_ends_is_aborted() {
    let host = ScriptedHost::install();
    host.on_poll(|| closed(1));
    assert_eq!(ask(1).invoke().join::<u32>().wait(), Err(CallError::Aborted));
    assert_eq!(host.asked().last().map(String::as_str), Some("drop 1"));
}

#[test]
fn an_answer_to_nobody_is_nothing() {
    let host = ScriptedHost::install();
    finish(9, "1");
    error(9, 7);
    closed(9);
    assert!(host.asked().is_empty());
}

/// An object under the handle 1 whose callback under the handle 2 counts its messages.
fn object(host: &Rc<ScriptedHost>) -> (DetachedCall<()>, Rc<RefCell<Vec<u32>>>) {
    let steps = Rc::new(RefCell::new(Vec::new()));
    let seen = Rc::clone(&steps);
    host.on_poll(|| finish(1, "null"));
    let call = ask(1).callback(Json, move |Step(step)| seen.borrow_mut().push(step));
    let object = block_on(call.detach::<()>()).unwrap();
    host.asked();
    (object, steps)
}

#[test]
fn an_object_lives_until_it_is_dropped_and_so_do_its_callbacks() {
    let host = ScriptedHost::install();
    let (object, steps) = object(&host);
    assert_eq!(object.handle(), CallHandle::from(1));
    finish(2, "1");
    finish(1, "null");
    error(1, 7);
    finish(2, "2");
    assert_eq!(*steps.borrow(), [1, 2]);
    assert!(host.asked().is_empty());
    drop(object);
    assert_eq!(host.asked(), ["drop 1"]);
    finish(2, "3");
    assert_eq!(*steps.borrow(), [1, 2]);
    assert_eq!(Rc::strong_count(&steps), 1);
}

#[test]
fn an_object_whose_far_side_ends_has_no_callbacks_but_its_handle() {
    let host = ScriptedHost::install();
    let (object, steps) = object(&host);
    closed(1);
    assert_eq!(Rc::strong_count(&steps), 1, "the callback is gone");
    finish(2, "1");
    assert!(steps.borrow().is_empty());
    assert!(host.asked().is_empty());
    drop(object);
    assert_eq!(host.asked(), ["drop 1"]);
}

#[test]
fn an_object_that_is_refused_is_given_back_once() {
    let host = ScriptedHost::install();
    host.on_poll(|| error(1, 12));
    let refused = block_on(ask(1).detach::<()>());
    assert_eq!(refused.err(), Some(CallError::BadRequest));
    assert_eq!(host.asked(), [&format!("call - 1 1 oracle {QUESTION} 1"), "poll", "drop 1"]);
}

#[test]
fn an_object_that_is_no_longer_waited_for_is_dropped_when_it_comes() {
    let host = ScriptedHost::install();
    let task = spawn(ask(1).detach::<()>());
    run_ready();
    task.abort();
    run_ready();
    assert_eq!(host.asked(), [format!("call - 1 1 oracle {QUESTION} 1")]);
    finish(1, "null");
    assert_eq!(host.asked(), ["drop 1"]);
}

#[test]
fn an_object_whose_answer_is_no_answer_is_dropped() {
    let host = ScriptedHost::install();
    host.on_poll(|| finish(1, "7"));
    let refused = block_on(ask(1).detach::<()>());
    assert_eq!(refused.err(), Some(CallError::DeserializationFailed));
    assert_eq!(host.asked().last().map(String::as_str), Some("drop 1"));
}
