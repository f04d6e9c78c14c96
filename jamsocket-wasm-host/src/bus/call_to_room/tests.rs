use super::*;
use crate::{
    GuestLimits,
    bus::{
        Desk,
        desk::{Delivery, NO_HANDLE, NewCall},
    },
};

fn desk(limits: GuestLimits) -> (Desk, Arc<Mailbox>) {
    let mailbox = Mailbox::new(&Arc::new(limits));
    (Desk::new(mailbox.clone()), mailbox)
}

/// Has a guest call a room, under this number: the call on its way.
fn call(caller: &mut Desk, handle: u32, is_kept: bool) -> CallToRoom {
    let (topic, request) = ("add".to_owned(), vec![1, 2]);
    let new = NewCall { parent: NO_HANDLE, handle, is_kept, topic, request };
    let mut on_the_way = None;
    let called = caller.call(new, |call| {
        let (call, callee) = CallToRoom::begin(call);
        on_the_way = Some(call);
        Ok(callee)
    });
    called.unwrap();
    on_the_way.unwrap()
}

fn error(handle: u32, error: CallError) -> Option<Delivery> {
    Some(Delivery::Error { handle, error })
}

#[test]
fn a_call_is_answered_when_it_has_arrived_and_its_object_called() {
    let (mut one, _) = desk(GuestLimits::default());
    let (mut other, room) = desk(GuestLimits::default());
    let on_the_way = call(&mut one, 5, true);
    assert_eq!((one.next_answer(), other.next_request()), (None, None));
    assert_eq!(on_the_way.bytes(), 5);
    on_the_way.arrive(&room);
    assert_eq!(other.open_calls(), 1);
    let Some(Delivery::Start { handle: object, .. }) = other.next_request() else { panic!() };
    other.reply(object, vec![3]);
    assert_eq!(one.next_answer(), Some(Delivery::Finish { handle: 5, bytes: vec![3] }));

    let (topic, request) = ("total".to_owned(), Vec::new());
    let on_object = NewCall { parent: 5, handle: 6, is_kept: false, topic, request };
    one.call(on_object, |_| unreachable!("it has a parent")).unwrap();
    let Some(Delivery::Start { parent, .. }) = other.next_request() else { panic!() };
    assert_eq!((parent, other.open_calls()), (object, 2));
    one.drop_handle(5);
    assert_eq!(other.next_request(), Some(Delivery::Drop { handle: object }));
    assert_eq!(other.open_calls(), 1);
}

#[test]
fn a_call_whose_caller_is_done_with_it_is_not_asked() {
    let (mut one, _) = desk(GuestLimits::default());
    let (mut other, room) = desk(GuestLimits::default());
    let on_the_way = call(&mut one, 5, false);
    one.drop_handle(5);
    on_the_way.arrive(&room);
    assert_eq!((other.next_request(), other.open_calls()), (None, 0));
    assert_eq!(one.next_answer(), None);
}

#[test]
fn a_call_that_no_room_takes_fails_with_the_reason() {
    let (mut one, _) = desk(GuestLimits::default());
    for (why, expected) in [
        (RoomCallError::AtCapacity, CallError::MEMORY_ALLOCATION_FAILED),
        (RoomCallError::NotStarted, CallError::BUS_INVOCATION_FAILED),
        (RoomCallError::NotCallable, CallError::INCORRECT_ABI),
        (RoomCallError::Ended, CallError::ABORTED),
    ] {
        Box::new(call(&mut one, 5, false)).refuse(why);
        assert_eq!(one.next_answer(), error(5, expected));
    }
    drop(call(&mut one, 5, true));
    assert_eq!(one.next_answer(), error(5, CallError::ABORTED));
}

#[test]
fn a_room_has_as_many_calls_waiting_as_it_may() {
    let (mut one, _) = desk(GuestLimits::default());
    let (mut other, room) = desk(GuestLimits { bus_calls: 2, ..GuestLimits::default() });
    for handle in 1..4 {
        call(&mut one, handle, false).arrive(&room);
    }
    assert_eq!(one.next_answer(), error(3, CallError::MEMORY_ALLOCATION_FAILED));
    assert_eq!(other.open_calls(), 2);
    drop(other.next_request());
    drop(other);
    let told: Vec<_> = std::iter::from_fn(|| one.next_answer()).collect();
    assert_eq!(told.len(), 2);
    call(&mut one, 4, false).arrive(&room);
    assert_eq!(one.next_answer(), error(4, CallError::ABORTED));
}
