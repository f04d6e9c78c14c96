//! Failures of a service, and mistakes of a test: both are told where the test made them.

use super::*;
use std::{
    cell::RefCell,
    panic::{self, AssertUnwindSafe, catch_unwind},
    sync::Once,
};

/// Something that a test does to a room.
type Act = fn(&mut TestRoom<Scripted>);

thread_local! {
    /// What this thread last panicked with, and in which line.
    static PANIC: RefCell<(String, u32)> = RefCell::default();
}

/// What `act` panics with, and in which line.
fn panic_of(act: impl FnOnce()) -> (String, u32) {
    static HOOKED: Once = Once::new();
    HOOKED.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let text = info.payload_as_str().unwrap_or_default().to_owned();
            let line = info.location().filter(|place| place.file() == file!());
            PANIC.set((text, line.map_or(0, |place| place.line())));
            others(info);
        }));
    });
    catch_unwind(AssertUnwindSafe(act)).expect_err("it panics");
    PANIC.take()
}

#[test]
fn a_panic_of_the_service_fails_the_test_where_it_was_caused() {
    let (mut room, ann, _) = room_of_two();
    let (text, line) = panic_of(|| room.send(ann, "panic told to"));
    assert_eq!(text, "the room is over: message(1) failed: the service panicked: told to");
    assert_eq!(line, line!() - 2);
}

#[test]
fn every_method_tells_its_place_in_the_test() {
    // What fails is what was sent from outside before the call.
    let acts: [(Act, u32); 10] = [
        (|room| _ = room.join(), line!()),
        (|room| room.send(ClientId::from(1), "all hello"), line!()),
        (|room| room.send_binary(ClientId::from(1), [1]), line!()),
        (|room| room.leave(ClientId::from(1)), line!()),
        (|room| room.advance(Duration::ZERO), line!()),
        (|room| room.stop(), line!()),
        (|room| drop(room.received(ClientId::from(1))), line!()),
        (|room| drop(room.logged()), line!()),
        (|room| _ = room.deadline(), line!()),
        (|room| _ = room.end(), line!()),
    ];
    for (act, expected) in acts {
        let (mut room, _, _) = room_of_two();
        send_too_much(&room.service().context);
        let (text, line) = panic_of(|| act(&mut room));
        assert_eq!(
            text,
            "the room is over: a send outside its callbacks failed: \
             the service sent more than 10000 messages at once"
        );
        assert_eq!(line, expected);
    }
}

fn send_too_much(context: &RoomContext) {
    for _ in 0..10_001 {
        context.send_message(Broadcast, "");
    }
}

#[test]
fn a_timer_that_panics_fails_the_test_where_time_passed() {
    let (text, line) = panic_of(|| TestRoom::<Brittle>::new("").advance(ms(10)));
    assert_eq!(text, "the room is over: timer failed: the service panicked: too late");
    assert_eq!(line, line!() - 2);
}

#[test]
fn a_constructor_that_fails_fails_the_test() {
    let (text, line) = panic_of(|| drop(TestRoom::<Scripted>::new("panic")));
    assert_eq!(text, "the room could not be started: the service panicked: told to, by its id");
    assert_eq!(line, line!() - 2);
    // It sends one message anyway.
    TestRoom::<Scripted>::new("messages 9999");
    let (text, _) =
        panic_of(|| drop(TestRoom::<Scripted>::with_policy("messages 10000", Immediate)));
    assert_eq!(
        text,
        "the room could not be started: the service sent more than 10000 messages at once"
    );
}

/// Panics when its timer fires, which it sets as it is built.
struct Brittle;

impl SimpleJamsocketService for Brittle {
    fn new(_: &str, context: &impl JamsocketContext) -> Self {
        context.set_timer(10);
        Brittle
    }

    fn timer(&mut self, _: &impl JamsocketContext) {
        panic!("too late");
    }
}

#[test]
fn a_failure_that_is_expected_ends_the_room_and_not_the_test() {
    let (mut room, ann, bob) = room_of_two();
    room.logged();
    let end = room.expect_failure(|room| {
        room.send(ann, "all before");
        room.send(ann, "panic told to");
    });
    assert_eq!(end.to_string(), "message(1) failed: the service panicked: told to");
    assert_eq!(room.end(), Some(&end));
    assert_eq!(room.received(bob), ["before"]);
    assert_eq!(room.logged(), [(LogLevel::Error, "about to panic")]);
    room.advance(ms(1_000));
}

#[test]
fn a_callback_may_send_ten_thousand_messages_and_four_mebibytes() {
    let (mut room, ann, _) = room_of_two();
    room.send(ann, "messages 10000");
    room.send(ann, "bytes 4194304");
    assert_eq!(room.received(ann).len(), 10_001);
    for (order, bound) in
        [("messages 10001", "10000 messages"), ("bytes 4194305", "4194304 bytes of messages")]
    {
        let (mut room, ann, _) = room_of_two();
        let end = room.expect_failure(|room| room.send(ann, order));
        let error = ServiceError::SentTooMuch { bound: bound.to_owned() };
        assert_eq!(end, RoomEnd::Failed { callback: Callback::Message(ann), error });
        assert_eq!(room.received(ann), Nothing);
    }
}

#[test]
fn too_much_sent_from_outside_is_a_failure_to_expect_too() {
    let (mut room, _, _) = room_of_two();
    let end = room.expect_failure(|room| send_too_much(&room.service().context));
    assert!(matches!(end, RoomEnd::Failed { callback: Callback::Outside, .. }), "{end}");
}

#[test]
#[should_panic(expected = "the service was to fail, and has not")]
fn a_failure_that_is_expected_has_to_come() {
    let (mut room, ann, _) = room_of_two();
    room.expect_failure(|room| room.send(ann, "all hello"));
}

#[test]
#[should_panic(expected = "the service was to fail, but the room is over: it was stopped")]
fn another_end_is_not_the_failure_that_is_expected() {
    room().expect_failure(|room| room.stop());
}

#[test]
#[should_panic(expected = "the room is over: message(1) failed")]
fn a_failure_is_not_expected_twice() {
    let (mut room, ann, _) = room_of_two();
    room.expect_failure(|room| room.send(ann, "panic told to"));
    room.expect_failure(|_| {});
}

#[test]
fn who_is_not_in_the_room_can_neither_send_nor_leave() {
    let orders: [fn(&mut TestRoom<Scripted>, ClientId); 3] = [
        |room, client| room.send(client, "all hello"),
        |room, client| room.send_binary(client, []),
        |room, client| room.leave(client),
    ];
    for order in orders {
        let (mut room, ann, bob) = room_of_two();
        order(&mut room, ann);
        let (text, _) = panic_of(|| order(&mut room, ClientId::from(3)));
        assert_eq!(text, "client 3 has never been in the room");
        let carol = room.join();
        room.leave(carol);
        let (text, _) = panic_of(|| order(&mut room, carol));
        assert_eq!(text, "client 3 has left the room");
        room.stop();
        let (text, _) = panic_of(|| order(&mut room, bob));
        assert_eq!(text, "client 2 is out, as the room is over: it was stopped");
        let (text, _) = panic_of(|| order(&mut room, carol));
        assert_eq!(text, "client 3 has left the room");
    }
}

#[test]
fn a_room_that_is_over_takes_nobody_in_and_has_no_service() {
    let mut room = TestRoom::<Scripted>::with_policy("r", AfterSeconds(1));
    room.advance(ms(1_000));
    let acts: [Act; 3] = [|room| _ = room.join(), |room| room.stop(), |room| _ = room.service()];
    for act in acts {
        assert_eq!(panic_of(|| act(&mut room)).0, "the room is over: it was empty");
    }
}

#[test]
#[should_panic(expected = "client 9 has never been in the room")]
fn who_never_joined_has_received_nothing_to_ask_for() {
    room().received(ClientId::from(9));
}
