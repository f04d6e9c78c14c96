use crate::support::{Recorder, Wat, echo, patient, refusal, room, room_within, small};
use jamsocket::{ClientId, JamsocketService, ServiceError};
use jamsocket_wasm_host::{GuestLimits, WasmService};
use std::time::Duration;

const IMPORTS: &str = r#"
    (import "wasm-bus" "handle" (func $handle (result i32)))
    (import "wasm-bus" "callback" (func $callback (param i32 i32 i32 i32)))
    (import "wasm-bus" "call" (func $call (param i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
    (import "wasm-bus" "call_instance" (func $call_instance
      (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
    (import "wasm-bus" "drop" (func $drop (param i32)))
    (import "wasm-bus" "poll" (func $poll))
    (import "wasm-bus" "listen" (func $listen (param i32 i32)))
    (import "wasm-bus" "fork" (func $fork))
    (import "wasm-bus" "reply" (func $reply (param i32 i32 i32)))
    (import "wasm-bus" "fault" (func $fault (param i32 i32)))
    (import "wasm-bus" "reply_callback" (func $reply_callback (param i32 i32 i32 i32 i32)))
    (import "wasm-bus" "thread_id" (func $thread_id (result i32)))"#;

const MALLOC: &str =
    r#"(func (export "wasm_bus_malloc") (param i32) (result i32) (i32.const 8192))"#;

const START: &str = r#"(func (export "wasm_bus_start") (param i32 i32 i32 i32 i32 i32))"#;

/// What comes is sent to the client whose id is the call's number, and errors set the timer.
const FINISH: &str = r#"(func $finish (export "wasm_bus_finish") (param i32 i32 i32)
    (call $send_message (local.get 0) (local.get 1) (local.get 2)))"#;

const ERROR: &str = r#"(func (export "wasm_bus_error") (param i32 i32)
    (call $set_timer (local.get 1)))"#;

const DROP: &str = r#"(func (export "wasm_bus_drop") (param i32))"#;

/// `os`, the topic of sleeping, requests to sleep for no time and for an hour, and what is no text.
const DATA: &str = r#"(data (i32.const 16) "os")
    (data (i32.const 32) "wasm_bus_time::api::TimeSleepRequest")
    (data (i32.const 128) "{\"duration_ms\":0}")
    (data (i32.const 160) "{\"duration_ms\":3600000}")
    (data (i32.const 192) "\ff\fe")"#;

/// A call of no parent under this number.
fn call(handle: u32, (module, module_len): (u32, u32), (request, len): (u32, u32)) -> String {
    format!(
        "(call $call (i32.const -1) (i32.const {handle}) (i32.const 0) (i32.const {module})
           (i32.const {module_len}) (i32.const 32) (i32.const 36) (i32.const {request})
           (i32.const {len}))"
    )
}

const OS: (u32, u32) = (16, 2);
const NO_TIME: (u32, u32) = (128, 17);
const AN_HOUR: (u32, u32) = (160, 23);

/// A guest on the bus.
fn guest() -> Wat {
    [DROP, ERROR, FINISH, START, MALLOC, DATA]
        .iter()
        .fold(echo(), |wat, text| wat.plus(text))
        .importing(IMPORTS)
}

/// One with another export in the place of this.
fn guest_with(export: &str, other: &str) -> Wat {
    let exports = [DROP, ERROR, FINISH, START, MALLOC, DATA];
    let exports = exports.iter().map(|text| if *text == export { other } else { text });
    exports.fold(echo(), Wat::plus).importing(IMPORTS)
}

/// A guest whose `connect` does this.
async fn connected(wat: Wat, body: &str) -> (Result<(), ServiceError>, Recorder) {
    let (mut service, done) = room(&wat.doing("connect", body)).await;
    let ended = service.connect(ClientId::from(1)).await;
    (ended, done)
}

#[track_caller]
fn assert_trapped(ended: Result<(), ServiceError>, reason: &str) {
    match ended {
        Err(ServiceError::Trapped(text)) => assert!(text.starts_with(reason), "{text}"),
        other => panic!("{other:?}"),
    }
}

/// Resumes a room until it has done something.
async fn resumed(service: &mut WasmService<Recorder>, done: &Recorder) -> Vec<String> {
    loop {
        service.resume().await.unwrap();
        let happened = done.take();
        if !happened.is_empty() {
            return happened;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_answer_comes_between_two_callbacks() {
    let body = format!("(call $set_timer {})", call(5, OS, NO_TIME));
    let (mut service, done) = room(&guest().doing("connect", &body)).await;
    service.connect(ClientId::from(1)).await.unwrap();
    assert_eq!(done.take(), ["timer 0"]);
    assert_eq!(resumed(&mut service, &done).await, [r#"to 5: "null""#]);
    service.resume().await.unwrap();
    assert_eq!(done.take(), [""; 0]);
}

#[tokio::test]
async fn a_guest_that_polls_is_told_inside_of_it() {
    let body =
        format!("(drop {}) (call $poll) (call $set_timer (i32.const 7))", call(5, OS, NO_TIME));
    let (ended, done) = connected(guest(), &body).await;
    ended.unwrap();
    assert_eq!(done.take(), [r#"to 5: "null""#, "timer 7"]);
}

#[tokio::test]
async fn a_guest_that_polls_for_nothing_is_stopped_with_its_callback() {
    let limits = GuestLimits { wall_time: Duration::from_millis(50), ..small() };
    let (mut service, _) = room_within(limits, &guest().doing("connect", "(call $poll)")).await;
    let ended = service.connect(ClientId::from(1)).await;
    assert!(matches!(ended, Err(ServiceError::OutOfTime { .. })), "{ended:?}");
}

#[tokio::test]
async fn a_poll_inside_of_a_poll_or_of_an_allocation_traps() {
    let polls = r#"(func (export "wasm_bus_finish") (param i32 i32 i32) (call $poll))"#;
    let body = format!("(drop {}) (call $poll)", call(5, OS, NO_TIME));
    let (ended, _) = connected(guest_with(FINISH, polls), &body).await;
    assert_trapped(ended, "poll: it was called while the guest is inside of `poll` already");
    let polls = r#"(func (export "wasm_bus_malloc") (param i32) (result i32)
        (call $poll) (i32.const 8192))"#;
    let (ended, _) = connected(guest_with(MALLOC, polls), &body).await;
    assert_trapped(ended, "poll: it was called while the guest allocates for the host");
}

#[tokio::test]
async fn memory_that_is_not_there_traps() {
    for pointer in [-1, 65_533, 65_536] {
        let malloc = format!(
            r#"(func (export "wasm_bus_malloc") (param i32) (result i32) (i32.const {pointer}))"#
        );
        let body = format!("(drop {}) (call $poll)", call(5, OS, NO_TIME));
        let (ended, _) = connected(guest_with(MALLOC, &malloc), &body).await;
        assert_trapped(ended, "wasm_bus_malloc returned memory that is not there");
    }
    for (import, body) in [
        ("call", format!("(drop {})", call(5, (65_535, 2), NO_TIME))),
        ("call", format!("(drop {})", call(5, OS, (65_535, 2)))),
        (
            "callback",
            "(call $callback (i32.const 1) (i32.const 2) (i32.const -1) (i32.const 1))".into(),
        ),
        ("listen", "(call $listen (i32.const 65536) (i32.const 1))".into()),
        ("reply", "(call $reply (i32.const 1) (i32.const -1) (i32.const -1))".into()),
        (
            "reply_callback",
            "(call $reply_callback (i32.const 1) (i32.const 1) (i32.const 1) (i32.const 0)
               (i32.const -1))"
                .into(),
        ),
    ] {
        let (ended, _) = connected(guest(), &body).await;
        assert_trapped(ended, &format!("{import}: "));
    }
}

#[tokio::test]
async fn what_cannot_be_called_is_an_error_and_no_trap() {
    for (what, body, error) in [
        ("no such module", call(5, (20, 2), NO_TIME), 3),
        ("not a text", call(5, (192, 2), NO_TIME), 12),
        ("a long name", call(5, (0, 4_097), NO_TIME), 16),
        ("a request that is none", call(5, OS, (128, 3)), 2),
        ("no number", call(0, OS, NO_TIME), 8),
        (
            "a parent that is none",
            call(5, OS, NO_TIME).replace("(i32.const -1)", "(i32.const 77)"),
            8,
        ),
        (
            "no such function of the host's",
            call(5, OS, NO_TIME).replace("(i32.const 36)", "(i32.const 35)"),
            11,
        ),
    ] {
        let (ended, done) = connected(guest(), &format!("(call $set_timer {body})")).await;
        ended.unwrap();
        assert_eq!(done.take(), [format!("timer {error}")], "{what}");
    }
}

#[tokio::test]
async fn a_call_to_somewhere_that_was_not_granted_is_denied_and_logged() {
    let body = "(call $set_timer (call $call_instance (i32.const -1) (i32.const 5) (i32.const 0)
        (i32.const 16) (i32.const 2) (i32.const 16) (i32.const 2) (i32.const 16) (i32.const 2)
        (i32.const 32) (i32.const 36) (i32.const 128) (i32.const 17)))";
    let (ended, done) = connected(guest(), body).await;
    ended.unwrap();
    assert_eq!(
        done.take(),
        ["Warn: denied: os in the instance `os`: an instance is SERVICE/ROOM", "timer 18"]
    );
}

#[tokio::test]
async fn numbers_of_others_mean_nothing() {
    let body = "(call $drop (i32.const 1)) (call $reply (i32.const 2) (i32.const 0) (i32.const 1))
        (call $fault (i32.const 3) (i32.const 4)) (call $reply_callback (i32.const 5) (i32.const 16)
          (i32.const 2) (i32.const 0) (i32.const 1))
        (call $fork) (call $listen (i32.const 16) (i32.const 2)) (drop (call $handle))
        (call $set_timer (call $thread_id))";
    let (ended, done) = connected(guest(), body).await;
    ended.unwrap();
    assert_eq!(done.take(), ["timer 1"]);
}

#[tokio::test]
async fn a_guest_has_as_many_calls_under_way_as_it_may() {
    let limits = GuestLimits { bus_calls: 2, ..patient() };
    let one = |handle| format!("(call $set_timer {})", call(handle, OS, AN_HOUR));
    let body = [5, 6, 7].map(one).join("\n");
    let body = format!("{body} (call $drop (i32.const 5)) {}", one(8));
    let (mut service, done) = room_within(limits, &guest().doing("connect", &body)).await;
    service.connect(ClientId::from(1)).await.unwrap();
    assert_eq!(done.take(), ["timer 0", "timer 0", "timer 16", "timer 0"]);
}

#[test]
fn a_module_that_uses_the_bus_and_cannot_be_told_anything_is_refused() {
    for (export, name) in [
        (MALLOC, "wasm_bus_malloc"),
        (START, "wasm_bus_start"),
        (FINISH, "wasm_bus_finish"),
        (ERROR, "wasm_bus_error"),
        (DROP, "wasm_bus_drop"),
    ] {
        let refused = refusal(&guest_with(export, "")).to_string();
        assert!(refused.contains(&format!("`{name}`")), "{refused}");
    }
    let mistyped = echo().importing(r#"(import "wasm-bus" "poll" (func (param i32)))"#);
    let refused = refusal(&mistyped).to_string();
    assert!(refused.contains("`poll`") && refused.contains("wasm-bus"), "{refused}");
    let unknown = echo().importing(r#"(import "wasm-bus" "pull" (func))"#);
    assert!(refusal(&unknown).to_string().contains("`pull`"));
}
