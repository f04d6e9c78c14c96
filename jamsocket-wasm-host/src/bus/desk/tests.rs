use super::*;
use crate::bus::GuestCallee;
use std::{
    pin::pin,
    task::{Context, Waker},
};

mod model;

fn desk() -> Desk {
    desk_with(GuestLimits::default())
}

fn desk_with(limits: GuestLimits) -> Desk {
    Desk::new(Mailbox::new(&Arc::new(limits)))
}

fn new_call(handle: u32, topic: &str) -> NewCall {
    let (topic, request) = (topic.to_owned(), b"request".to_vec());
    NewCall { parent: NO_HANDLE, handle, is_kept: false, topic, request }
}

/// Has one guest call another.
fn call(caller: &mut Desk, callee: &Desk, new: NewCall) -> Result<(), CallError> {
    caller.call(new, |call| GuestCallee::call(&callee.mailbox, call))
}

/// What the callee is asked next, which has to be a call: its number.
fn started(callee: &mut Desk) -> u32 {
    match callee.next_request() {
        Some(Delivery::Start { handle, .. }) => handle,
        other => panic!("{other:?}"),
    }
}

/// Feeds a callback; false where that has to wait.
fn feed(callee: &Desk, owed: u32, topic: &str, message: &[u8]) -> bool {
    let Some(caller) = callee.caller(owed) else { return true };
    let fed = pin!(caller.feed(topic.to_owned(), message.to_vec()));
    fed.poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

fn finish(handle: u32, bytes: &[u8]) -> Option<Delivery> {
    Some(Delivery::Finish { handle, bytes: bytes.to_vec() })
}

#[tokio::test]
async fn a_call_is_answered_once_and_forgotten_by_both() {
    let (mut one, mut other) = (desk(), desk());
    call(&mut one, &other, new_call(5, "add")).unwrap();
    let Some(Delivery::Start { parent, handle, topic, request }) = other.next_request() else {
        panic!("no call")
    };
    assert_eq!((parent, &*topic, &*request), (NO_HANDLE, "add", &b"request"[..]));
    other.reply(handle, b"3".to_vec());
    other.reply(handle, b"4".to_vec());
    other.fault(handle, CallError::ABORTED);
    assert_eq!(one.next_answer(), finish(5, b"3"));
    assert_eq!((one.next_answer(), other.next_request()), (None, None));
    assert!(one.is_unused() && other.is_unused());
}

#[tokio::test]
async fn a_fault_reaches_the_caller_with_its_number_and_the_callee_hears_of_the_end() {
    let (mut one, mut other) = (desk(), desk());
    call(&mut one, &other, new_call(5, "add")).unwrap();
    let owed = started(&mut other);
    other.fault(owed, CallError::of_guest(4711));
    let error = CallError::of_guest(4711);
    assert_eq!(one.next_answer(), Some(Delivery::Error { handle: 5, error }));
    assert_eq!(other.next_request(), Some(Delivery::Drop { handle: owed }));
    assert!(one.is_unused() && other.is_unused());
}

#[tokio::test]
async fn callbacks_are_fed_in_order_and_before_the_reply() {
    let (mut one, mut other) = (desk(), desk());
    one.callback(5, 6, "step".to_owned());
    call(&mut one, &other, new_call(5, "count")).unwrap();
    let owed = started(&mut other);
    for (topic, message) in [("step", b"1"), ("other", b"x"), ("step", b"2")] {
        assert!(feed(&other, owed, topic, message));
    }
    other.reply(owed, b"done".to_vec());
    assert!(feed(&other, owed, "step", b"3"));
    assert_eq!(one.next_answer(), finish(6, b"1"));
    assert_eq!(one.next_answer(), finish(6, b"2"));
    assert_eq!(one.next_answer(), finish(5, b"done"));
    assert_eq!(one.next_answer(), None);
    assert!(one.is_unused() && other.is_unused());
}

#[tokio::test]
async fn a_callback_that_is_being_handled_is_fed_when_that_is_done_and_others_at_once() {
    let (mut one, mut other) = (desk(), desk());
    one.callback(5, 6, "a".to_owned());
    one.callback(5, 7, "b".to_owned());
    call(&mut one, &other, new_call(5, "count")).unwrap();
    call(&mut one, &other, new_call(8, "else")).unwrap();
    let (owed, second) = (started(&mut other), started(&mut other));
    for (topic, message) in [("a", b"1"), ("a", b"2"), ("b", b"3")] {
        feed(&other, owed, topic, message);
    }
    let first = one.next_answer().unwrap();
    let callback = one.begin(&first);
    assert_eq!(callback, Some(6));
    other.reply(owed, b"done".to_vec());
    other.reply(second, b"else".to_vec());
    // What belongs to one call stays in order.
    assert_eq!(one.next_answer(), finish(8, b"else"));
    assert_eq!(one.next_answer(), None);
    one.end(callback);
    assert!(one.has_more());
    assert_eq!(one.next_answer(), finish(6, b"2"));
    assert_eq!(one.next_answer(), finish(7, b"3"));
    assert_eq!(one.next_answer(), finish(5, b"done"));
}

#[tokio::test]
async fn an_object_lives_until_its_caller_drops_it_and_takes_calls_meanwhile() {
    let (mut one, mut other) = (desk(), desk());
    one.callback(5, 6, "event".to_owned());
    let kept = |new| NewCall { is_kept: true, ..new };
    call(&mut one, &other, kept(new_call(5, "open"))).unwrap();
    let object = started(&mut other);
    let child = |handle| NewCall { parent: 5, ..new_call(handle, "send") };
    let early = call(&mut one, &other, child(9));
    assert_eq!(early, Err(CallError::INVALID_HANDLE), "it is no object yet");
    other.reply(object, Vec::new());
    assert_eq!(one.next_answer(), finish(5, b""));
    assert!(feed(&other, object, "event", b"x"));
    assert_eq!(one.next_answer(), finish(6, b"x"));
    one.call(child(9), |_| unreachable!("the object is called")).unwrap();
    let Some(Delivery::Start { parent, handle: sent, .. }) = other.next_request() else { panic!() };
    assert_eq!(parent, object);
    // What was called on it outlives it.
    one.drop_handle(5);
    assert_eq!(other.next_request(), Some(Delivery::Drop { handle: object }));
    other.reply(sent, b"sent".to_vec());
    assert_eq!(one.next_answer(), finish(9, b"sent"));
    assert!(one.is_unused() && other.is_unused());
}

#[tokio::test]
async fn an_object_that_its_far_side_closes_takes_no_calls_any_more() {
    let (mut one, mut other) = (desk(), desk());
    one.callback(5, 6, "event".to_owned());
    call(&mut one, &other, NewCall { is_kept: true, ..new_call(5, "open") }).unwrap();
    let object = started(&mut other);
    other.reply(object, Vec::new());
    other.drop_handle(object);
    assert_eq!(one.next_answer(), finish(5, b""));
    assert_eq!(one.next_answer(), Some(Delivery::Drop { handle: 5 }));
    let late = NewCall { parent: 5, ..new_call(9, "send") };
    assert_eq!(call(&mut one, &other, late), Err(CallError::INVALID_HANDLE));
    one.drop_handle(5);
    assert_eq!(other.next_request(), None);
    assert!(one.is_unused() && other.is_unused());
}

#[tokio::test]
async fn a_guest_that_ends_fails_what_it_owes_and_frees_what_it_holds() {
    let (mut one, mut other, mut third) = (desk(), desk(), desk());
    call(&mut one, &other, new_call(5, "taken")).unwrap();
    started(&mut other);
    call(&mut one, &other, new_call(6, "waiting")).unwrap();
    call(&mut other, &third, new_call(5, "own")).unwrap();
    let owed = started(&mut third);
    drop(other);
    let aborted = |handle| Some(Delivery::Error { handle, error: CallError::ABORTED });
    let mut told = [one.next_answer(), one.next_answer()];
    told.sort_by_key(|told| format!("{told:?}"));
    assert_eq!(told, [aborted(5), aborted(6)]);
    assert_eq!(third.next_request(), Some(Delivery::Drop { handle: owed }));
    assert!(one.is_unused() && third.is_unused());
}

#[tokio::test]
async fn a_call_that_its_caller_drops_before_it_is_taken_is_never_seen() {
    let (mut one, mut other) = (desk(), desk());
    call(&mut one, &other, new_call(5, "a")).unwrap();
    call(&mut one, &other, new_call(6, "b")).unwrap();
    one.drop_handle(5);
    assert!(matches!(other.next_request(), Some(Delivery::Start { topic, .. }) if topic == "b"));
    assert_eq!(other.next_request(), None);
}

#[tokio::test]
async fn a_late_answer_is_not_taken_for_that_of_a_new_call_of_the_same_number() {
    let (mut one, mut other) = (desk(), desk());
    call(&mut one, &other, new_call(5, "a")).unwrap();
    let first = started(&mut other);
    other.reply(first, b"first".to_vec());
    one.drop_handle(5);
    call(&mut one, &other, new_call(5, "b")).unwrap();
    assert_eq!(one.next_answer(), None);
    let second = started(&mut other);
    other.reply(second, b"second".to_vec());
    assert_eq!(one.next_answer(), finish(5, b"second"));
}

#[test]
fn numbers_that_the_guest_makes_up_are_looked_at() {
    let (mut one, other) = (desk(), desk());
    for bad in [0, NO_HANDLE] {
        assert_eq!(call(&mut one, &other, new_call(bad, "a")), Err(CallError::INVALID_HANDLE));
    }
    call(&mut one, &other, new_call(5, "a")).unwrap();
    assert_eq!(call(&mut one, &other, new_call(5, "a")), Err(CallError::INVALID_HANDLE));
    let of_nothing = NewCall { parent: 77, ..new_call(6, "a") };
    assert_eq!(call(&mut one, &other, of_nothing), Err(CallError::INVALID_HANDLE));
    for unknown in [0, 6, 77, NO_HANDLE] {
        one.drop_handle(unknown);
        one.reply(unknown, Vec::new());
        one.fault(unknown, CallError::ABORTED);
        assert!(one.caller(unknown).is_none());
    }
}

#[test]
fn numbers_that_are_given_out_are_free_and_do_not_repeat() {
    let (mut one, other) = (desk(), desk());
    one.last_handle = u32::MAX - 2;
    let before = one.new_handle();
    assert_eq!(before, u32::MAX - 1);
    call(&mut one, &other, new_call(1, "a")).unwrap();
    one.callback(9, 2, "b".to_owned());
    assert_eq!(one.new_handle(), 3);
}

#[test]
fn a_call_that_is_prepared_and_not_made_leaves_nothing() {
    let mut one = desk();
    one.callback(5, 6, "a".to_owned());
    one.callback(5, 7, "b".to_owned());
    assert!(!one.is_unused());
    one.drop_handle(5);
    assert!(one.is_unused());
}

#[test]
fn calls_callbacks_and_depth_have_their_bounds() {
    let limits = GuestLimits { bus_calls: 2, bus_callbacks: 1, ..GuestLimits::default() };
    let (mut one, mut other) = (desk_with(limits), desk());
    one.callback(5, 6, "a".to_owned());
    one.callback(5, 7, "b".to_owned());
    assert_eq!(one.callbacks.len(), 1);
    call(&mut one, &other, new_call(1, "a")).unwrap();
    call(&mut one, &other, new_call(2, "a")).unwrap();
    let full = Err(CallError::MEMORY_ALLOCATION_FAILED);
    assert_eq!(call(&mut one, &other, new_call(3, "a")), full);
    one.drop_handle(1);
    call(&mut one, &other, new_call(3, "a")).unwrap();

    let depth = GuestLimits::default().bus_depth;
    let mut deep = desk();
    deep.depth = depth - 1;
    call(&mut deep, &other, new_call(1, "a")).unwrap();
    while other.depth < depth {
        started(&mut other);
    }
    assert_eq!(call(&mut other, &deep, new_call(90, "a")), full);
}

#[test]
fn a_callee_has_as_many_calls_waiting_and_owed_as_it_may() {
    let limits = GuestLimits { bus_calls: 2, ..GuestLimits::default() };
    let (mut one, mut other) = (desk(), desk_with(limits));
    let full = CallError::MEMORY_ALLOCATION_FAILED;
    call(&mut one, &other, new_call(1, "a")).unwrap();
    call(&mut one, &other, new_call(2, "a")).unwrap();
    assert_eq!(call(&mut one, &other, new_call(3, "a")), Err(full));
    started(&mut other);
    started(&mut other);
    call(&mut one, &other, new_call(3, "a")).unwrap();
    assert_eq!(other.next_request(), None);
    assert_eq!(one.next_answer(), Some(Delivery::Error { handle: 3, error: full }));
}

#[tokio::test(start_paused = true)]
async fn who_feeds_a_callback_that_nobody_reads_waits_and_the_call_is_over_in_the_end() {
    let limits = GuestLimits { bus_waiting_messages: 2, ..GuestLimits::default() };
    let (mut one, mut other) = (desk_with(limits), desk());
    one.callback(5, 6, "a".to_owned());
    call(&mut one, &other, new_call(5, "count")).unwrap();
    let owed = started(&mut other);
    assert!(feed(&other, owed, "a", b"1") && feed(&other, owed, "a", b"2"));
    assert!(!feed(&other, owed, "a", b"3"));
    one.next_answer();
    assert!(feed(&other, owed, "a", b"3"));
    let fed = other.caller(owed).unwrap().feed("a".to_owned(), b"4".to_vec()).await;
    assert!(!fed);
    other.break_off(owed);
    assert!(other.caller(owed).is_none(), "nobody waits for this caller again");
    let error = CallError::MEMORY_ALLOCATION_FAILED;
    let told: Vec<_> = std::iter::from_fn(|| one.next_answer()).collect();
    let fault = Delivery::Error { handle: 5, error };
    assert_eq!(told, [finish(6, b"2").unwrap(), finish(6, b"3").unwrap(), fault]);
    assert_eq!(other.next_request(), Some(Delivery::Drop { handle: owed }));
}

#[test]
fn calls_that_fail_or_are_dropped_leave_no_answers() {
    let (mut one, mut other) = (desk(), desk());
    for handle in 1..100 {
        let refused = one.call(new_call(handle, "a"), |_| Err(CallError::INVALID_WAPM));
        assert_eq!(refused, Err(CallError::INVALID_WAPM));
        call(&mut one, &other, new_call(handle, "b")).unwrap();
        let owed = started(&mut other);
        one.drop_handle(handle);
        other.reply(owed, Vec::new());
        other.next_request();
    }
    assert!(one.is_unused() && other.is_unused());
}

#[tokio::test]
async fn what_waits_for_a_busy_callback_counts_among_what_waits() {
    let limits = GuestLimits { bus_waiting_messages: 2, ..GuestLimits::default() };
    let (mut one, mut other) = (desk_with(limits), desk());
    one.callback(5, 6, "a".to_owned());
    call(&mut one, &other, new_call(5, "count")).unwrap();
    let owed = started(&mut other);
    assert!(feed(&other, owed, "a", b"1"));
    let first = one.next_answer().unwrap();
    let callback = one.begin(&first);
    assert!(feed(&other, owed, "a", b"2") && feed(&other, owed, "a", b"3"));
    assert_eq!(one.next_answer(), None);
    assert!(!feed(&other, owed, "a", b"4"), "two are held");
    one.end(callback);
    assert_eq!(one.next_answer(), finish(6, b"2"));
    assert!(feed(&other, owed, "a", b"4"));
}

#[test]
fn calls_that_are_refused_while_they_wait_leave_nothing() {
    let (mut one, other) = (desk(), desk());
    for handle in 1..4 {
        call(&mut one, &other, new_call(handle, "a")).unwrap();
    }
    one.drop_handle(2);
    other.mailbox.refuse_calls(CallError::ABORTED);
    let told: Vec<_> = std::iter::from_fn(|| one.next_answer()).collect();
    let aborted = |handle| Delivery::Error { handle, error: CallError::ABORTED };
    assert_eq!(told, [aborted(1), aborted(3)]);
    assert!(one.is_unused() && other.is_unused());
}

#[test]
fn a_guest_that_is_put_aside_ends_what_is_open_and_hears_of_it_later() {
    let (mut one, mut other) = (desk(), desk());
    call(&mut one, &other, NewCall { is_kept: true, ..new_call(1, "object") }).unwrap();
    call(&mut one, &other, new_call(2, "owed")).unwrap();
    call(&mut one, &other, new_call(3, "waits")).unwrap();
    let (object, owed) = (started(&mut other), started(&mut other));
    other.reply(object, Vec::new());
    assert_eq!(other.open_calls(), 3);
    other.end_open_calls();
    other.reply(owed, Vec::new());
    let told: Vec<_> = std::iter::from_fn(|| one.next_answer()).collect();
    let aborted = |handle| Delivery::Error { handle, error: CallError::ABORTED };
    let closed = Delivery::Drop { handle: 1 };
    assert_eq!(told.len(), 4);
    for expected in [finish(1, b"").unwrap(), closed, aborted(2), aborted(3)] {
        assert!(told.contains(&expected), "{expected:?}");
    }
    one.drop_handle(1);
    for _ in 0..2 {
        assert!(matches!(other.next_request(), Some(Delivery::Drop { .. })));
    }
    assert!(one.is_unused() && other.is_unused());
}

#[test]
fn the_calls_of_a_guest_to_itself_are_not_open_for_others() {
    let mut one = desk();
    let mailbox = one.mailbox.clone();
    one.call(new_call(1, "a"), |call| GuestCallee::call(&mailbox, call)).unwrap();
    assert_eq!(one.open_calls(), 0);
    let owed = started(&mut one);
    assert_eq!(one.open_calls(), 0);
    one.reply(owed, Vec::new());
    one.next_answer();
    assert!(one.is_unused());
}

#[test]
fn the_last_message_of_a_call_comes_however_much_waits() {
    let limits = GuestLimits { bus_waiting_bytes: 4, ..GuestLimits::default() };
    let (mut one, mut other) = (desk_with(limits), desk());
    one.callback(5, 6, "exit".to_owned());
    call(&mut one, &other, NewCall { is_kept: true, ..new_call(5, "spawn") }).unwrap();
    call(&mut one, &other, new_call(7, "fills")).unwrap();
    let (spawned, filling) = (started(&mut other), started(&mut other));
    other.reply(spawned, Vec::new());
    other.reply(filling, vec![0; 4]);
    let spawned = other.owed.remove(&spawned).unwrap().caller;
    spawned.feed_and_close("exit".to_owned(), vec![1]);
    let told: Vec<_> = std::iter::from_fn(|| one.next_answer()).collect();
    let end = [finish(6, &[1]).unwrap(), Delivery::Drop { handle: 5 }];
    assert_eq!(told[2..], end);
}

#[test]
fn two_callbacks_of_one_topic_are_both_forgotten_with_their_call() {
    let (mut one, other) = (desk(), desk());
    one.callback(5, 6, "a".to_owned());
    one.callback(5, 7, "a".to_owned());
    call(&mut one, &other, new_call(5, "count")).unwrap();
    one.drop_handle(5);
    assert!(one.is_unused());
}

#[test]
fn messages_are_as_long_as_they_may_be() {
    let limits = GuestLimits { bus_message_bytes: 10, ..GuestLimits::default() };
    let (mut one, mut other) = (desk_with(limits), desk());
    let with = |handle, bytes| NewCall { request: vec![0; bytes], ..new_call(handle, "abc") };
    let full = CallError::MEMORY_ALLOCATION_FAILED;
    assert_eq!(call(&mut one, &other, with(1, 8)), Err(full));
    for (handle, bytes, told) in
        [(1, 10, finish(1, &[0; 10])), (2, 11, Some(Delivery::Error { handle: 2, error: full }))]
    {
        call(&mut one, &other, with(handle, 7)).unwrap();
        let owed = started(&mut other);
        other.reply(owed, vec![0; bytes]);
        assert_eq!(one.next_answer(), told);
    }
}

impl Desk {
    /// Whether nothing is left of any call.
    fn is_unused(&self) -> bool {
        self.prepared.is_empty()
            && self.calls.is_empty()
            && self.by_serial.is_empty()
            && self.callbacks.is_empty()
            && self.owed.is_empty()
            && self.by_caller.is_empty()
            && self.held.is_empty()
            && self.mailbox.is_empty()
            && self.open_calls() == 0
            && !self.mailbox.has_calls()
    }
}
