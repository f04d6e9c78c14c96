//! Time passes when a test says so: timers, and the end of empty rooms.

use super::*;

const NANOSECOND: Duration = Duration::from_nanos(1);

#[test]
fn a_timer_fires_at_its_moment_and_no_nanosecond_earlier() {
    let (mut room, ann, _) = room_of_two();
    room.advance(ms(250));
    room.send(ann, "timer 500");
    room.advance(ms(500) - NANOSECOND);
    assert_eq!(room.received(ann), Nothing);
    room.advance(NANOSECOND);
    assert_eq!(room.received(ann), ["ring 1"]);
    assert_eq!(room.now(), ms(750));
    room.advance(ms(10_000));
    assert_eq!(room.received(ann), Nothing);
}

#[test]
fn a_timer_is_replaced_by_the_next_and_cancelled_by_zero() {
    let (mut room, ann, _) = room_of_two();
    room.send(ann, "timer 100");
    room.send(ann, "timer 200");
    room.advance(ms(199));
    assert_eq!(room.received(ann), Nothing);
    room.advance(ms(1));
    assert_eq!(room.received(ann), ["ring 1"]);
    room.send(ann, "timer 100");
    room.send(ann, "timer 0");
    assert_eq!(room.deadline(), None);
    room.advance(ms(100));
    assert_eq!(room.received(ann), Nothing);
}

#[test]
fn a_timer_that_sets_itself_anew_fires_at_exact_moments_in_steps_of_any_length() {
    let (mut room, ann, _) = room_of_two();
    room.send(ann, "every 100");
    room.advance(ms(1_000) - NANOSECOND);
    assert_eq!(room.received(ann).len(), 9);
    assert_eq!(room.deadline(), Some(ms(1_000)));
    room.advance(NANOSECOND);
    assert_eq!(room.received(ann), ["ring 10"]);
    for _ in 0..7 {
        room.advance(ms(30));
    }
    assert_eq!(room.received(ann), ["ring 11", "ring 12"]);
    assert_eq!((room.now(), room.deadline()), (ms(1_210), Some(ms(1_300))));
}

#[test]
fn a_timer_that_the_constructor_sets_counts_from_the_creation() {
    let mut room = TestRoom::<Scripted>::new("timer 50");
    room.advance(ms(40));
    let ann = room.join();
    room.advance(ms(10) - NANOSECOND);
    assert_eq!(room.received(ann), ["+1"]);
    room.advance(NANOSECOND);
    assert_eq!(room.received(ann), ["ring 1"]);
}

#[test]
fn a_timer_fires_in_an_empty_room_too() {
    let mut room = TestRoom::<Scripted>::new("timer 50");
    room.advance(ms(50));
    assert_eq!(room.service().rings, 1);
}

#[test]
fn a_room_stays_when_it_is_empty_unless_told_otherwise() {
    let (mut room, ann, bob) = room_of_two();
    room.leave(ann);
    room.leave(bob);
    room.advance(Duration::from_secs(1_000_000_000));
    assert_eq!(room.end(), None);
}

#[test]
fn an_immediate_room_ends_with_the_leave_of_its_last_client_and_not_before_its_first() {
    let mut room = TestRoom::<Scripted>::with_policy("r", Immediate);
    room.advance(Duration::from_secs(1_000));
    let (ann, bob) = (room.join(), room.join());
    room.leave(ann);
    assert_eq!(room.end(), None);
    room.leave(bob);
    assert_eq!(room.end(), Some(&RoomEnd::Idle));
    assert_eq!(room.logged()[1..], [(LogLevel::Info, "-1"), (LogLevel::Info, "-2")]);
}

#[test]
fn an_empty_room_lives_for_its_seconds_and_no_longer() {
    let mut room = TestRoom::<Scripted>::with_policy("r", AfterSeconds(2));
    let ann = room.join();
    room.advance(ms(60_000));
    room.leave(ann);
    assert_eq!(room.deadline(), Some(ms(62_000)));
    room.advance(ms(2_000) - NANOSECOND);
    assert_eq!(room.end(), None);
    room.advance(NANOSECOND);
    assert_eq!(room.end(), Some(&RoomEnd::Idle));
    assert_eq!(room.deadline(), None);
}

#[test]
fn a_room_that_nobody_joins_lives_for_its_seconds_too() {
    let mut room = TestRoom::<Scripted>::with_policy("r", AfterSeconds(2));
    room.advance(ms(2_000) - NANOSECOND);
    assert_eq!(room.end(), None);
    room.advance(ms(1_000));
    assert_eq!(room.end(), Some(&RoomEnd::Idle));
    assert_eq!(room.now(), ms(3_000) - NANOSECOND);
}

#[test]
fn a_join_stops_the_clock_of_an_empty_room() {
    let mut room = TestRoom::<Scripted>::with_policy("r", AfterSeconds(2));
    room.advance(ms(2_000) - NANOSECOND);
    room.join();
    room.advance(ms(60_000));
    assert_eq!(room.end(), None);
}

#[test]
fn a_room_that_lives_for_no_second_takes_its_first_client_and_ends_when_that_leaves() {
    let mut room = TestRoom::<Scripted>::with_policy("r", AfterSeconds(0));
    let ann = room.join();
    assert_eq!(room.end(), None);
    room.leave(ann);
    assert_eq!(room.end(), Some(&RoomEnd::Idle));

    let mut unjoined = TestRoom::<Scripted>::with_policy("r", AfterSeconds(0));
    assert_eq!(unjoined.end(), Some(&RoomEnd::Idle));
}

#[test]
#[should_panic(expected = "the room is over: it was empty")]
fn a_room_that_lives_for_no_second_is_over_before_another_join() {
    let mut room = TestRoom::<Scripted>::with_policy("r", AfterSeconds(0));
    let ann = room.join();
    room.leave(ann);
    room.join();
}

#[test]
fn a_timer_that_is_due_as_its_empty_room_ends_still_fires() {
    let mut room = TestRoom::<Scripted>::with_policy("timer 2000", AfterSeconds(2));
    room.logged();
    room.advance(ms(2_000) - NANOSECOND);
    assert_eq!(room.logged(), Nothing);
    room.advance(NANOSECOND);
    assert_eq!(room.logged(), [(LogLevel::Debug, "ring")]);
    assert_eq!(room.end(), Some(&RoomEnd::Idle));
}

#[test]
fn a_room_that_is_over_takes_nothing_more_from_its_service() {
    let mut room = TestRoom::<Scripted>::with_policy("r", AfterSeconds(1));
    room.logged();
    let context = room.service().context.clone();
    room.advance(ms(1_000));
    context.log(LogLevel::Info, "too late");
    context.set_timer(1);
    assert_eq!(room.logged(), Nothing);
    assert_eq!(room.deadline(), None);
}
