//! A room in virtual time: no runtime, no socket, and a clock that a test moves.

mod callbacks;
mod calls;
mod swaps;

use super::*;
use crate::{
    JamsocketContext, LogLevel, MessageRecipient::*, SimpleJamsocketService,
    WrappedJamsocketService, host::Message,
};
use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

/// Does what its messages say, and tells everyone what is called.
struct Scripted;

impl SimpleJamsocketService for Scripted {
    fn new(room_id: &str, context: &impl JamsocketContext) -> Self {
        context.log(LogLevel::Info, &format!("new {room_id}"));
        context.send_message(Broadcast, "nobody hears this");
        Scripted
    }

    fn connect(&mut self, client: ClientId, context: &impl JamsocketContext) {
        context.send_message(Broadcast, &format!("connect {client}"));
    }

    fn disconnect(&mut self, client: ClientId, context: &impl JamsocketContext) {
        context.log(LogLevel::Info, &format!("disconnect {client}"));
        context.send_message(Broadcast, &format!("disconnect {client}"));
    }

    fn message(&mut self, client: ClientId, message: &str, context: &impl JamsocketContext) {
        match message.split_once(' ').unwrap_or((message, "")) {
            ("echo", text) => context.send_message(client, text),
            ("others", text) => context.send_message(EveryoneExcept(client), text),
            ("timer", ms) => context.set_timer(ms.parse().unwrap()),
            ("panic", _) => {
                context.log(LogLevel::Error, "about to panic");
                context.send_message(Broadcast, "never sent");
                panic!("told to");
            }
            ("messages", n) => {
                for _ in 0..n.parse().unwrap() {
                    context.send_message(client, "");
                }
            }
            ("bytes", n) => context.send_binary(client, &vec![0; n.parse().unwrap()]),
            ("log", n) => {
                for line in 0..n.parse().unwrap() {
                    context.log(LogLevel::Info, &format!("{line:32768}"));
                }
            }
            _ => context.send_message(Broadcast, message),
        }
    }

    fn binary(&mut self, client: ClientId, message: &[u8], context: &impl JamsocketContext) {
        context.send_binary(client, message);
    }

    fn timer(&mut self, context: &impl JamsocketContext) {
        context.send_message(Broadcast, "timer");
    }
}

/// Keeps what a room does, as lines, and holds the clock.
#[derive(Default)]
struct Stage {
    now: Duration,
    done: Vec<String>,
    /// Each callback as it begins, and a `.` as it ends.
    calls: String,
}

impl RoomHost<&'static str> for Stage {
    fn now(&mut self) -> Duration {
        self.now
    }

    fn deliver<'a>(
        &mut self,
        message: Message,
        recipients: impl Iterator<Item = (ClientId, &'a &'static str)>,
    ) {
        let payload = message.payload();
        let text = match str::from_utf8(payload) {
            Ok(text) if message.is_text() => text.to_owned(),
            _ => format!("{} bytes", payload.len()),
        };
        self.done.extend(recipients.map(|(_, name)| format!("{name}: {text}")));
    }

    fn log(&mut self, _: LogLevel, line: &str) {
        self.done.push(format!("log: {line}"));
    }

    fn drop_logs(&mut self, lines: u64) {
        self.done.push(format!("{lines} log lines dropped"));
    }

    fn begin_call(&mut self, callback: Callback) {
        self.calls.push_str(&callback.to_string());
    }

    fn end_call(&mut self, _: Callback) {
        self.calls.push('.');
    }

    fn roll_back(&mut self, callback: Callback, error: ServiceError) {
        self.done.push(format!("rolled back: {callback}: {error}"));
    }

    fn depart(&mut self, _: ClientId, name: &'static str, why: Departure) {
        self.done.push(format!("{name} {why:?}"));
    }
}

type Service = WrappedJamsocketService<Scripted, RoomContext>;

type TestRoom = Room<Service, &'static str>;

struct Play {
    room: TestRoom,
    stage: Stage,
    context: RoomContext,
    wakes: Arc<Wakes>,
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Play {
    fn with(policy: ServiceShutdownPolicy) -> Self {
        let wakes = Arc::new(Wakes::default());
        let context = RoomContext::new(wakes.clone().into());
        let service = WrappedJamsocketService::new(Scripted::new("r", &context), context.clone());
        let room = Room::new(service, context.clone(), policy);
        let mut play = Self { room, stage: Stage::default(), context, wakes };
        play.input(Input::Wake);
        assert_eq!(play.seen(), ["log: new r"]);
        play
    }

    fn new() -> Self {
        Self::with(ServiceShutdownPolicy::Never)
    }

    fn input(&mut self, input: Input<'_, Service, &'static str>) {
        let call = pin!(self.room.handle(input, &mut self.stage));
        assert!(call.poll(&mut Context::from_waker(Waker::noop())).is_ready());
    }

    fn join(&mut self, name: &'static str) -> ClientId {
        let client = self.room.next_client().unwrap();
        self.input(Input::Join(client, name));
        client
    }

    fn say(&mut self, client: ClientId, text: &str) {
        self.input(Input::Text(client, text));
    }

    fn at(&mut self, ms: u64) -> &mut Self {
        self.stage.now = Duration::from_millis(ms);
        self
    }

    fn seen(&mut self) -> Vec<String> {
        std::mem::take(&mut self.stage.done)
    }

    fn failure(&self) -> String {
        self.room.end().unwrap().to_string()
    }
}

#[test]
fn a_broadcast_in_connect_reaches_the_one_who_joins_and_in_disconnect_not_the_one_who_left() {
    let mut play = Play::new();
    let ann = play.join("ann");
    play.join("bob");
    assert_eq!(play.seen(), ["ann: connect 1", "ann: connect 2", "bob: connect 2"]);
    play.input(Input::Leave(ann));
    assert_eq!(play.seen(), ["ann Left", "log: disconnect 1", "bob: disconnect 1"]);
}

#[test]
fn messages_reach_whom_they_are_for() {
    let mut play = Play::new();
    let (ann, bob) = (play.join("ann"), play.join("bob"));
    play.seen();
    play.say(ann, "echo hi");
    play.say(bob, "others hi");
    play.say(ann, "all");
    play.input(Input::Binary(bob, &[1, 2]));
    assert_eq!(play.seen(), ["ann: hi", "ann: hi", "ann: all", "bob: all", "bob: 2 bytes"]);
}

#[test]
fn empty_messages_are_messages() {
    let mut play = Play::new();
    let ann = play.join("ann");
    play.seen();
    play.say(ann, "");
    play.input(Input::Binary(ann, &[]));
    assert_eq!(play.seen(), ["ann: ", "ann: 0 bytes"]);
}

#[test]
fn a_client_that_has_left_is_not_heard_and_leaves_only_once() {
    let mut play = Play::new();
    let (ann, _bob) = (play.join("ann"), play.join("bob"));
    play.input(Input::Leave(ann));
    play.seen();
    play.say(ann, "all");
    play.input(Input::Leave(ann));
    play.input(Input::Leave(ClientId::from(99)));
    assert_eq!(play.seen(), Vec::<String>::new());
}

#[test]
fn an_id_is_never_given_twice() {
    let mut play = Play::new();
    let ann = play.join("ann");
    play.input(Input::Leave(ann));
    assert_eq!(play.join("bob"), ClientId::from(2));
}

#[test]
fn the_timer_fires_at_its_time_and_not_before() {
    let mut play = Play::new();
    let ann = play.join("ann");
    play.at(1_000).say(ann, "timer 500");
    play.seen();
    assert_eq!(play.room.deadline(), Some(Duration::from_millis(1_500)));
    play.at(1_499).input(Input::Wake);
    assert_eq!(play.seen(), Vec::<String>::new());
    play.at(1_500).input(Input::Wake);
    assert_eq!(play.seen(), ["ann: timer"]);
    play.at(9_000).input(Input::Wake);
    assert_eq!(play.seen(), Vec::<String>::new());
    assert_eq!(play.room.deadline(), None);
}

#[test]
fn the_last_request_of_the_timer_wins_and_zero_cancels_it() {
    let mut play = Play::new();
    let ann = play.join("ann");
    play.say(ann, "timer 100");
    play.say(ann, "timer 4294967295");
    assert_eq!(play.room.deadline(), Some(Duration::from_millis(u32::MAX.into())));
    play.say(ann, "timer 0");
    assert_eq!(play.room.deadline(), None);
}

#[test]
fn the_timer_runs_in_an_empty_room_and_does_not_keep_it_alive() {
    let mut play = Play::with(ServiceShutdownPolicy::AfterSeconds(1));
    let ann = play.join("ann");
    play.say(ann, "timer 999");
    play.input(Input::Leave(ann));
    play.seen();
    play.at(999).input(Input::Wake);
    assert_eq!(play.room.end(), None);
    play.at(1_000).input(Input::Wake);
    assert_eq!(play.room.end(), Some(&RoomEnd::Idle));
}

#[test]
fn a_room_that_nobody_joins_ends_after_its_seconds() {
    let mut play = Play::with(ServiceShutdownPolicy::AfterSeconds(2));
    assert_eq!(play.room.deadline(), Some(Duration::from_secs(2)));
    play.at(1_999).input(Input::Wake);
    assert_eq!(play.room.end(), None);
    play.at(2_000).input(Input::Wake);
    assert_eq!(play.room.end(), Some(&RoomEnd::Idle));
}

#[test]
fn a_join_stops_the_clock_of_an_empty_room() {
    let mut play = Play::with(ServiceShutdownPolicy::AfterSeconds(2));
    let ann = play.at(1_999).join("ann");
    assert_eq!(play.room.deadline(), None);
    play.at(60_000).input(Input::Leave(ann));
    assert_eq!(play.room.deadline(), Some(Duration::from_secs(62)));
}

#[test]
fn an_immediate_room_waits_for_its_first_client() {
    let mut play = Play::with(ServiceShutdownPolicy::Immediate);
    play.at(1_000_000).input(Input::Wake);
    assert_eq!(play.room.end(), None);
}

#[test]
fn ancestor_a10_the_last_disconnect_is_delivered_before_an_immediate_room_ends() {
    let mut play = Play::with(ServiceShutdownPolicy::Immediate);
    let ann = play.join("ann");
    play.seen();
    play.input(Input::Leave(ann));
    assert_eq!(play.seen(), ["ann Left", "log: disconnect 1"]);
    assert_eq!(play.room.end(), Some(&RoomEnd::Idle));
}

#[test]
fn a_stopped_room_disconnects_everyone_in_turn() {
    let mut play = Play::new();
    play.join("ann");
    play.join("bob");
    play.seen();
    play.input(Input::Stop);
    let done = [
        "ann Stopped",
        "log: disconnect 1",
        "bob: disconnect 1",
        "bob Stopped",
        "log: disconnect 2",
    ];
    assert_eq!(play.seen(), done);
    assert_eq!(play.room.end(), Some(&RoomEnd::Stopped));
}

#[test]
fn a_callback_that_panics_ends_the_room_and_sends_nothing_but_its_log() {
    let mut play = Play::new();
    let (ann, _bob) = (play.join("ann"), play.join("bob"));
    play.seen();
    play.say(ann, "panic");
    assert_eq!(play.seen(), ["log: about to panic", "ann Failed", "bob Failed"]);
    assert_eq!(play.failure(), "message(1) failed: the service panicked: told to");
}

#[test]
fn ancestor_a8_a_room_that_failed_is_never_called_again() {
    let mut play = Play::new();
    let ann = play.join("ann");
    play.say(ann, "timer 10");
    play.say(ann, "panic");
    play.seen();
    let bob = play.room.next_client().unwrap();
    play.at(100).input(Input::Join(bob, "bob"));
    for input in [Input::Text(ann, "all"), Input::Leave(ann), Input::Wake, Input::Stop] {
        play.input(input);
    }
    play.context.send_message(Broadcast, "too late");
    assert_eq!(play.seen(), ["bob Missed"]);
    assert_eq!(play.room.deadline(), None);
}
