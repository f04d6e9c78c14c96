use crate::support::{Wat, echo, patient, small};
use jamsocket::{
    ClientId, JamsocketServiceFactory, LogLevel, ServiceError,
    host::{
        Callback, Departure, Input, Message, Room, RoomContext, RoomEnd, RoomHost,
        ServiceShutdownPolicy,
    },
};
use jamsocket_wasm_host::{GuestLimits, WasmEngine, WasmHostFactory, WasmService};
use std::{task::Waker, time::Duration};

/// A room of a guest, and what becomes of what the guest does.
struct Hosted {
    room: Room<WasmService<RoomContext>, ()>,
    host: Host,
}

#[derive(Default)]
struct Host {
    now: Duration,
    /// How many messages there were, and how many of them reached each client.
    messages: usize,
    reached: Vec<u32>,
    log: Vec<String>,
}

impl Hosted {
    /// A room with the bounds of a server, and so many clients.
    async fn new(limits: GuestLimits, wat: &Wat, clients: u32) -> Self {
        let engine = WasmEngine::with_limits(limits).unwrap();
        let factory = WasmHostFactory::from_bytes_in(&engine, wat.text().as_bytes()).unwrap();
        let context = RoomContext::new(Waker::noop().clone());
        let service = factory.create("room", context.clone()).await.unwrap();
        context.end_construction().unwrap();
        let room = Room::new(service, context, ServiceShutdownPolicy::Never);
        let mut hosted = Self { room, host: Host::default() };
        for _ in 0..clients {
            let client = hosted.room.next_client().unwrap();
            hosted.take(Input::Join(client, ())).await;
        }
        hosted
    }

    async fn take(&mut self, input: Input<'_, WasmService<RoomContext>, ()>) {
        self.room.handle(input, &mut self.host).await;
    }

    /// Has the first client say nothing, which makes the guest do what it does.
    async fn go(&mut self) {
        self.take(Input::Text(ClientId::from(1), "")).await;
    }

    async fn wake_at(&mut self, millis: u64) {
        self.host.now = Duration::from_millis(millis);
        self.take(Input::Wake).await;
    }

    /// Why the callback of the first client's message failed.
    fn failure(&self) -> &ServiceError {
        match self.room.end() {
            Some(RoomEnd::Failed { callback: Callback::Message(_), error }) => error,
            other => panic!("{other:?}"),
        }
    }
}

impl RoomHost<()> for Host {
    fn now(&mut self) -> Duration {
        self.now
    }

    fn deliver<'a>(&mut self, _: Message, to: impl Iterator<Item = (ClientId, &'a ())>) {
        self.messages += 1;
        self.reached.extend(to.map(|(client, ())| u32::from(client)));
    }

    fn log(&mut self, _: LogLevel, line: &str) {
        self.log.push(line.to_owned());
    }

    fn depart(&mut self, _: ClientId, (): (), _: Departure) {}
}

/// Does something so many times.
fn times(count: u32, body: &str) -> String {
    format!(
        "(local $left i32)
         (local.set $left (i32.const {count}))
         (loop $again
           {body}
           (local.set $left (i32.sub (local.get $left) (i32.const 1)))
           (br_if $again (local.get $left)))"
    )
}

/// Sends so many bytes to a recipient.
fn send(recipient: i32, len: usize) -> String {
    format!("(call $send_binary (i32.const {recipient}) (i32.const 0) (i32.const {len}))")
}

#[tokio::test]
async fn a_million_messages_to_clients_that_are_not_there_reach_nobody() {
    for absent in [2, 3, 1000, i32::MAX] {
        let wat = echo().doing("message", &times(10_000, &send(absent, 0)));
        let mut hosted = Hosted::new(patient(), &wat, 2).await;
        hosted.take(Input::Leave(ClientId::from(2))).await;
        for _ in 0..25 {
            hosted.go().await;
        }
        assert_eq!(hosted.room.end(), None);
        assert_eq!(hosted.host.messages, 250_000);
        assert_eq!((hosted.host.reached.len(), hosted.host.log.len()), (0, 0));
    }
}

#[tokio::test]
async fn a_message_to_everyone_but_somebody_who_is_not_there_reaches_everyone() {
    // Clients have ids from 1 to the largest i32: nobody has the one in the middle.
    for but in [-3, -i32::MAX, i32::MIN] {
        let mut hosted = Hosted::new(small(), &echo().doing("message", &send(but, 0)), 2).await;
        hosted.go().await;
        hosted.host.reached.sort_unstable();
        assert_eq!(hosted.host.reached, [1, 2], "{but}");
    }
    // As an unsigned number it is the largest.
    let mut hosted = Hosted::new(small(), &echo().doing("message", &send(-1, 0)), 2).await;
    hosted.go().await;
    assert_eq!(hosted.host.reached, [2]);
}

#[tokio::test]
async fn a_callback_may_send_so_many_messages_and_no_more() {
    let sending = |count| echo().doing("message", &times(count, &send(0, 0)));
    let mut hosted = Hosted::new(patient(), &sending(10_000), 1).await;
    hosted.go().await;
    assert_eq!((hosted.room.end(), hosted.host.messages), (None, 10_000));

    let mut hosted = Hosted::new(patient(), &sending(10_001), 1).await;
    hosted.go().await;
    let bound = "10000 messages".to_owned();
    assert_eq!(hosted.failure(), &ServiceError::SentTooMuch { bound });
    assert_eq!(hosted.host.messages, 0);
}

#[tokio::test]
async fn a_callback_may_send_so_many_bytes_and_no_more() {
    let sending = |more: usize| {
        echo()
            .with("memory", r#"(memory (export "memory") 16)"#)
            .doing("message", &format!("{} {}", times(4, &send(0, 1 << 20)), send(0, more)))
    };
    let mut hosted = Hosted::new(patient(), &sending(0), 1).await;
    hosted.go().await;
    assert_eq!((hosted.room.end(), hosted.host.messages), (None, 5));

    let mut hosted = Hosted::new(patient(), &sending(1), 1).await;
    hosted.go().await;
    let bound = "4194304 bytes of messages".to_owned();
    assert_eq!(hosted.failure(), &ServiceError::SentTooMuch { bound });
    assert_eq!(hosted.host.messages, 0);
}

#[tokio::test]
async fn sends_without_end_are_ended_and_reach_nobody() {
    let wat = echo().doing("message", &format!("(loop $again {} (br $again))", send(0, 1024)));
    let mut hosted = Hosted::new(small(), &wat, 100).await;
    hosted.go().await;
    let ServiceError::OutOfTime { bound, .. } = hosted.failure() else {
        panic!("{:?}", hosted.failure())
    };
    assert_eq!(bound, "20ms of running");
    assert_eq!(hosted.host.messages, 0);
    assert_eq!(hosted.room.clients(), 0);
}

#[tokio::test]
async fn of_a_million_timers_that_are_set_at_once_the_last_counts() {
    for (last, deadline) in [
        (1234, Some(Duration::from_millis(1234))),
        (u32::MAX, Some(Duration::from_millis(u32::MAX.into()))),
        (0, None),
    ] {
        let storm = times(1_000_000, "(call $set_timer (local.get $left))");
        let last = format!("(call $set_timer (i32.const {}))", last.cast_signed());
        let wat = echo().doing("message", &format!("{storm} {last}"));
        let mut hosted = Hosted::new(patient(), &wat, 1).await;
        hosted.go().await;
        assert_eq!(hosted.room.deadline(), deadline);
    }
}

/// A guest whose timer tells everyone, and is set by messages.
fn set_to(ms: u32) -> Wat {
    let set = format!("(call $set_timer (i32.const {}))", ms.cast_signed());
    echo().doing("message", &set).doing("timer", &send(0, 0))
}

#[tokio::test]
async fn a_timer_is_not_early_and_comes_once() {
    for (ms, early) in [(2, 1), (u32::MAX, 1_000_000)] {
        let mut hosted = Hosted::new(small(), &set_to(ms), 1).await;
        hosted.go().await;
        hosted.wake_at(early).await;
        assert_eq!(hosted.host.messages, 0);
        hosted.wake_at(ms.into()).await;
        assert_eq!(hosted.host.messages, 1);
        hosted.wake_at(u64::from(ms) * 2).await;
        assert_eq!(hosted.host.messages, 1);
    }
}

#[tokio::test]
async fn a_timer_that_is_set_at_the_end_never_comes() {
    let mut hosted = Hosted::new(small(), &set_to(5), 1).await;
    hosted.go().await;
    hosted.take(Input::Stop).await;
    assert_eq!(hosted.room.deadline(), None);
    hosted.wake_at(5).await;
    assert_eq!(hosted.host.messages, 0);
}

#[tokio::test]
async fn a_timer_that_sets_itself_comes_once_a_millisecond() {
    let again = format!("{} (call $set_timer (i32.const 1))", send(0, 0));
    let mut hosted = Hosted::new(small(), &set_to(1).doing("timer", &again), 1).await;
    hosted.go().await;
    for millis in 1..=1000 {
        // Whoever wakes the room more often makes no difference.
        for _ in 0..3 {
            hosted.wake_at(millis).await;
        }
    }
    assert_eq!(hosted.host.messages, 1000);
}

#[tokio::test]
async fn output_without_end_is_ended_and_little_of_it_is_logged() {
    let wat = echo()
        .importing(
            r#"(import "wasi_snapshot_preview1" "fd_write"
                 (func $fd_write (param i32 i32 i32 i32) (result i32)))"#,
        )
        .with("memory", r#"(memory (export "memory") 2)"#)
        .doing(
            "message",
            "(memory.fill (i32.const 64) (i32.const 0x1b) (i32.const 100000))
             (i32.store (i32.const 0) (i32.const 64))
             (i32.store (i32.const 4) (i32.const 100000))
             (loop $again
               (drop (call $fd_write
                 (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))
               (br $again))",
        );
    let limits = GuestLimits { wall_time: Duration::from_millis(300), ..small() };
    let mut hosted = Hosted::new(limits, &wat, 1).await;
    hosted.go().await;
    assert!(matches!(hosted.failure(), ServiceError::OutOfTime { .. }), "{:?}", hosted.failure());
    let logged: usize = hosted.host.log.iter().map(String::len).sum();
    assert!((1..=64 << 10).contains(&logged), "{logged} bytes");
    let escaped = |line: &String| line.chars().all(|c| r"\u{1b}".contains(c));
    assert!(hosted.host.log.iter().all(escaped));
}

#[tokio::test]
async fn a_million_messages_take_no_memory_for_good() {
    let wat = echo()
        .plus("(global $taken (mut i32) (i32.const 0)) (global $freed (mut i32) (i32.const 0))")
        .doing(
            "jam_malloc",
            "(global.set $taken (i32.add (global.get $taken) (i32.const 1))) (i32.const 4096)",
        )
        .doing("jam_free", "(global.set $freed (i32.add (global.get $freed) (i32.const 1)))")
        .doing("message", "")
        .doing(
            "timer",
            // The room's id is a message too.
            "(if (i32.ne (global.get $taken) (i32.const 1000001)) (then unreachable))
             (if (i32.ne (global.get $freed) (i32.const 1000001)) (then unreachable))
             (if (i32.ne (memory.size) (i32.const 1)) (then unreachable))
             (call $send_binary (i32.const 0) (i32.const 0) (i32.const 0))",
        )
        .doing("connect", "(call $set_timer (i32.const 1))");
    let mut hosted = Hosted::new(patient(), &wat, 1).await;
    let message = "x".repeat(1024);
    for _ in 0..1_000_000 {
        hosted.take(Input::Text(ClientId::from(1), &message)).await;
    }
    hosted.wake_at(1).await;
    assert_eq!((hosted.room.end(), hosted.host.messages), (None, 1));
}
