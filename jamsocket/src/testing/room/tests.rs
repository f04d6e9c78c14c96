mod failures;
mod time;

use super::*;
use crate::{JamsocketContext, LogLevel, MessageRecipient::*, host::Callback, testing::Nothing};
use ServiceShutdownPolicy::{AfterSeconds, Immediate};
use std::any::Any;

/// Does what its messages say, and tells everyone who comes and goes.
struct Scripted {
    /// How often its timer has fired.
    rings: u32,
    /// How many milliseconds after its timer has fired it is to fire again.
    interval: Option<u32>,
    /// Kept for what is sent outside callbacks.
    context: RoomContext,
}

impl SimpleJamsocketService for Scripted {
    fn new(room_id: &str, context: &impl JamsocketContext) -> Self {
        context.log(LogLevel::Info, &format!("new {room_id}"));
        context.send_message(Broadcast, "nobody hears this");
        match room_id.split_once(' ').unwrap_or((room_id, "")) {
            ("panic", _) => panic!("told to, by its id"),
            ("messages", n) => (0..n.parse().unwrap()).for_each(|_: u32| {
                context.send_message(Broadcast, "");
            }),
            ("timer", ms) => context.set_timer(ms.parse().unwrap()),
            _ => {}
        }
        let context: &dyn Any = context;
        let context = context.downcast_ref::<RoomContext>().expect("rooms give it").clone();
        Scripted { rings: 0, interval: None, context }
    }

    fn connect(&mut self, client: ClientId, context: &impl JamsocketContext) {
        context.send_message(Broadcast, &format!("+{client}"));
    }

    fn disconnect(&mut self, client: ClientId, context: &impl JamsocketContext) {
        context.log(LogLevel::Info, &format!("-{client}"));
        context.send_message(Broadcast, &format!("-{client}"));
    }

    fn message(&mut self, client: ClientId, message: &str, context: &impl JamsocketContext) {
        match message.split_once(' ').unwrap_or((message, "")) {
            ("all", text) => context.send_message(Broadcast, text),
            ("others", text) => context.send_message(EveryoneExcept(client), text),
            ("second", text) => context.send_message(ClientId::from(2), text),
            ("timer", ms) => context.set_timer(ms.parse().unwrap()),
            ("every", ms) => {
                self.interval = ms.parse().ok();
                context.set_timer(ms.parse().unwrap());
            }
            ("warn", line) => context.log(LogLevel::Warn, line),
            ("panic", why) => {
                context.log(LogLevel::Error, "about to panic");
                context.send_message(Broadcast, "never sent");
                panic!("{why}");
            }
            ("messages", n) => (0..n.parse().unwrap()).for_each(|_: u32| {
                context.send_message(client, "");
            }),
            ("bytes", n) => context.send_binary(client, &vec![0; n.parse().unwrap()]),
            (other, _) => panic!("`{other}` is no order"),
        }
    }

    fn binary(&mut self, client: ClientId, message: &[u8], context: &impl JamsocketContext) {
        context.send_binary(client, message);
    }

    fn timer(&mut self, context: &impl JamsocketContext) {
        self.rings += 1;
        context.log(LogLevel::Debug, "ring");
        context.send_message(Broadcast, &format!("ring {}", self.rings));
        if let Some(ms) = self.interval {
            context.set_timer(ms);
        }
    }
}

fn room() -> TestRoom<Scripted> {
    TestRoom::new("r")
}

/// A room with two clients, who have asked for what they had received.
fn room_of_two() -> (TestRoom<Scripted>, ClientId, ClientId) {
    let mut room = room();
    let (ann, bob) = (room.join(), room.join());
    room.received(ann);
    room.received(bob);
    (room, ann, bob)
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[test]
fn who_joins_hears_what_connect_broadcasts_and_who_left_not_what_disconnect_does() {
    let mut room = room();
    let ann = room.join();
    let bob = room.join();
    room.leave(ann);
    assert_eq!(room.received(ann), ["+1", "+2"]);
    assert_eq!(room.received(bob), ["+2", "-1"]);
}

#[test]
fn messages_reach_whom_they_are_for() {
    let (mut room, ann, bob) = room_of_two();
    room.send(ann, "all to everyone");
    room.send(ann, "others to the others");
    room.send(ann, "second to bob");
    assert_eq!(room.received(ann), ["to everyone"]);
    assert_eq!(room.received(bob), ["to everyone", "to the others", "to bob"]);
}

#[test]
fn text_and_bytes_are_received_in_the_order_in_which_they_were_sent() {
    let (mut room, ann, bob) = room_of_two();
    room.send(ann, "all one");
    room.send_binary(ann, [2, 0]);
    room.send_binary(ann, b"");
    room.send(ann, "all ");
    let (one, two) = (Received::Text("one".to_owned()), Received::Binary(vec![2, 0]));
    let empty = Received::Text(String::new());
    assert_eq!(room.received(ann), [one.clone(), two, Received::Binary(vec![]), empty.clone()]);
    assert_eq!(room.received(bob), [one, empty]);
}

#[test]
fn what_was_received_is_taken_once() {
    let (mut room, ann, _) = room_of_two();
    room.send(ann, "all hello");
    assert_eq!(room.received(ann), ["hello"]);
    assert_eq!(room.received(ann), Nothing);
}

#[test]
fn ids_are_not_given_twice() {
    let (mut room, ann, bob) = room_of_two();
    room.leave(bob);
    assert_eq!([ann, bob, room.join()], [1, 2, 3].map(ClientId::from));
}

#[test]
fn the_log_is_taken_with_its_levels_from_the_very_first_line() {
    let mut room = room();
    assert_eq!(room.logged(), [(LogLevel::Info, "new r")]);
    let ann = room.join();
    room.send(ann, "warn low on ink");
    room.leave(ann);
    assert_eq!(room.logged(), [(LogLevel::Warn, "low on ink"), (LogLevel::Info, "-1")]);
    assert_eq!(room.logged(), Nothing);
}

#[test]
fn a_callback_may_log_64_kib_and_what_is_more_is_dropped() {
    let (mut room, ann, _) = room_of_two();
    room.logged();
    let line = "x".repeat(64 << 10);
    room.send(ann, &format!("warn {line}"));
    assert_eq!(room.logged(), [(LogLevel::Warn, &line[..])]);
    room.send(ann, &format!("warn {line}x"));
    assert_eq!(room.logged(), Nothing);
}

#[test]
fn the_state_of_the_service_can_be_looked_at() {
    let (mut room, ann, _) = room_of_two();
    room.send(ann, "timer 5");
    assert_eq!(room.service().rings, 0);
    room.advance(ms(5));
    assert_eq!(room.service().rings, 1);
}

#[test]
fn what_another_thread_sends_is_received_too() {
    let (mut room, ann, bob) = room_of_two();
    let context = room.service().context.clone();
    std::thread::spawn(move || {
        context.send_message(Client(ClientId::from(1)), "from afar");
        context.log(LogLevel::Debug, "sent");
        context.set_timer(10);
    })
    .join()
    .unwrap();
    assert_eq!(room.received(ann), ["from afar"]);
    assert_eq!(room.logged()[1..], [(LogLevel::Debug, "sent")]);
    room.advance(ms(10));
    assert_eq!(room.received(bob), ["ring 1"]);
}

#[test]
fn a_timer_that_is_set_from_outside_counts_before_time_passes() {
    let (mut room, ann, _) = room_of_two();
    room.service().context.clone().set_timer(10);
    room.advance(ms(10));
    assert_eq!(room.received(ann), ["ring 1"]);
}

#[test]
fn a_room_that_is_stopped_disconnects_each_in_turn() {
    let (mut room, ann, bob) = room_of_two();
    room.logged();
    room.stop();
    assert_eq!(room.logged(), [(LogLevel::Info, "-1"), (LogLevel::Info, "-2")]);
    assert_eq!(room.received(ann), Nothing);
    assert_eq!(room.received(bob), ["-1"]);
    assert_eq!(room.end(), Some(&RoomEnd::Stopped));
}

#[test]
fn it_shows_where_the_room_is() {
    let (mut room, _, _) = room_of_two();
    room.advance(ms(1_500));
    assert_eq!(format!("{room:?}"), "TestRoom { now: 1.5s, clients: 2, end: None, .. }");
}
