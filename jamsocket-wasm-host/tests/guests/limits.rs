use crate::support::{Recorder, echo, load, load_within, room, room_of, room_within, small};
use jamsocket::{BuildError, JamsocketService, JamsocketServiceFactory, ServiceError};
use jamsocket_wasm_host::{EngineError, GuestLimits, WasmEngine, WasmHostFactory};
use std::time::Duration;

#[tokio::test]
async fn a_memory_grows_to_its_limit_and_no_further() {
    // From one page to 1024, then one more; touches the last byte of what it has.
    let wat = echo().doing(
        "timer",
        "(if (i32.ne (memory.grow (i32.const 1023)) (i32.const 1)) (then unreachable))
         (i32.store8 (i32.const 67108863) (i32.const 1))
         (if (i32.ne (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable))
         (if (i32.ne (memory.grow (i32.const 65535)) (i32.const -1)) (then unreachable))
         (if (i32.ne (memory.size) (i32.const 1024)) (then unreachable))",
    );
    let (mut service, _) = room(&wat).await;
    service.timer().await.unwrap();
}

#[tokio::test]
async fn a_table_grows_to_its_limit_and_no_further() {
    let wat = echo().plus("(table $t 1 funcref)").doing(
        "timer",
        "(if (i32.ne (table.grow $t (ref.null func) (i32.const 99999)) (i32.const 1))
           (then unreachable))
         (if (i32.ne (table.grow $t (ref.null func) (i32.const 1)) (i32.const -1))
           (then unreachable))
         (if (i32.ne (table.grow $t (ref.null func) (i32.const -1)) (i32.const -1))
           (then unreachable))",
    );
    let (mut service, _) = room(&wat).await;
    service.timer().await.unwrap();
}

#[tokio::test]
async fn a_limit_of_memory_that_is_no_whole_page_is_kept() {
    let limits = GuestLimits { memory_bytes: (2 << 16) - 1, ..small() };
    let wat = echo().doing(
        "timer",
        "(if (i32.ne (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable))",
    );
    let (mut service, _) = room_within(limits, &wat).await;
    service.timer().await.unwrap();
}

#[tokio::test]
async fn recursion_without_end_traps() {
    // The second has a frame of its own that is larger than the whole stack.
    let locals = "i64 ".repeat(40_000);
    let wide = format!(
        "(func $deep (param i64) (result i64) (local {locals})
           (local.set 40000 (call $deep (local.get 0)))
           (i64.add (local.get 40000) (call $deep (local.get 40000))))"
    );
    let narrow = "(func $deep (param i64) (result i64)
                    (i64.add (call $deep (local.get 0)) (i64.const 1)))";
    for deep in [narrow, wide.as_str()] {
        let wat = echo().plus(deep).doing("timer", "(drop (call $deep (i64.const 0)))");
        let (mut service, _) = room(&wat).await;
        let error = service.timer().await.unwrap_err();
        let ServiceError::Trapped(text) = error else { panic!("{error}") };
        assert_eq!(text.lines().next(), Some("wasm trap: call stack exhausted"));
    }
}

#[tokio::test]
async fn a_guest_at_the_end_of_its_stack_can_still_call_the_host() {
    // Every level calls every kind of import, so that some call is made with hardly any stack left.
    let wat = echo()
        .importing(
            r#"(import "wasi_snapshot_preview1" "fd_write"
                 (func $fd_write (param i32 i32 i32 i32) (result i32)))"#,
        )
        .plus(
            "(func $deep
               (call $set_timer (i32.const 1))
               (call $send_message (i32.const 0) (i32.const 0) (i32.const 9))
               (i32.store (i32.const 4) (i32.const 100))
               (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))
               (call $deep))",
        )
        .doing("timer", "(call $deep)");
    let limits = GuestLimits {
        run_time: Duration::from_secs(60),
        wall_time: Duration::from_secs(60),
        ..small()
    };
    let (mut service, _) = room_within(limits, &wat).await;
    let error = service.timer().await.unwrap_err().to_string();
    let exhausted = "the service trapped: wasm trap: call stack exhausted";
    assert_eq!(error.lines().next(), Some(exhausted));
}

#[tokio::test]
async fn recursion_within_the_stack_is_fine() {
    let wat = echo()
        .plus(
            "(func $deep (param i32) (result i32)
               (if (result i32) (local.get 0)
                 (then (i32.add (call $deep (i32.sub (local.get 0) (i32.const 1))) (i32.const 1)))
                 (else (i32.const 0))))",
        )
        .doing(
            "timer",
            "(if (i32.ne (call $deep (i32.const 1000)) (i32.const 1000)) (then unreachable))",
        );
    let (mut service, _) = room(&wat).await;
    service.timer().await.unwrap();
}

#[tokio::test]
async fn a_room_beyond_the_pool_waits_for_a_place() {
    let limits = GuestLimits { max_rooms: 2, ..small() };
    let engine = WasmEngine::with_limits(limits).unwrap();
    assert_eq!(engine.rooms(), 2);
    let load = || WasmHostFactory::from_bytes_in(&engine, echo().text().as_bytes()).unwrap();
    // Two modules share the engine's rooms.
    let (one, other): (WasmHostFactory<Recorder>, WasmHostFactory<Recorder>) = (load(), load());
    for _ in 0..3 {
        let (first, _) = room_of(&one).await;
        let (second, _) = room_of(&other).await;
        for factory in [&one, &other] {
            let full = factory.create("third", Recorder::default()).await;
            let Err(BuildError::AtCapacity(bound)) = full else { panic!("{full:?}") };
            assert_eq!(bound, "2 rooms of WebAssembly modules");
        }
        drop(first);
        room_of(&other).await;
        drop(second);
    }
}

#[tokio::test]
async fn a_room_that_fails_frees_its_place_at_once() {
    let limits = GuestLimits { max_rooms: 1, ..small() };
    let wat = echo().doing("timer", "unreachable");
    let factory = load_within(limits, &wat);
    let (mut failed, _) = room_of(&factory).await;
    assert!(failed.timer().await.is_err());
    let (_next, _) = room_of(&factory).await;
    drop(failed);
}

#[tokio::test]
async fn a_start_that_fails_frees_its_place_at_once() {
    let factory = load(&echo().doing("initialize", "unreachable")).unwrap();
    for _ in 0..10 {
        let failed = factory.create("room", Recorder::default()).await;
        assert!(matches!(failed, Err(BuildError::Failed(_))), "{failed:?}");
    }
}

#[tokio::test]
async fn a_new_room_sees_nothing_of_the_one_before() {
    let limits = GuestLimits { max_rooms: 1, ..small() };
    // Looks for anything but zeros in two pages, then leaves something in both.
    let wat = echo()
        .plus("(global $at (mut i32) (i32.const 0))")
        .doing(
            "timer",
            "(drop (memory.grow (i32.const 1)))
         (loop $next
           (if (i64.ne (i64.load (global.get $at)) (i64.const 0)) (then unreachable))
           (global.set $at (i32.add (global.get $at) (i32.const 8)))
           (br_if $next (i32.lt_u (global.get $at) (i32.const 131072))))
         (memory.fill (i32.const 0) (i32.const 7) (i32.const 131072))",
        )
        // The room's id must not be what it finds.
        .doing("jam_free", "(memory.fill (local.get 0) (i32.const 0) (local.get 1))");
    let factory = load_within(limits, &wat);
    for _ in 0..100 {
        let (mut service, _) = room_of(&factory).await;
        service.timer().await.unwrap();
    }
}

#[test]
fn an_engine_of_no_rooms_is_refused() {
    let limits = GuestLimits { max_rooms: 0, ..small() };
    assert!(matches!(WasmEngine::with_limits(limits), Err(EngineError::NoRooms)));
}

#[test]
fn an_engine_that_the_machine_cannot_hold_is_an_error() {
    let limits = GuestLimits { max_rooms: 1, stack_bytes: usize::MAX, ..small() };
    let refused = WasmEngine::with_limits(limits).unwrap_err().to_string();
    let heading = "cannot make an engine of 1 rooms: ";
    assert!(refused.starts_with(heading), "{refused}");
}

#[test]
fn the_engine_of_the_process_is_always_the_same() {
    let limits = WasmEngine::shared().unwrap().limits().clone();
    assert_eq!(limits, GuestLimits::default());
    assert!(WasmEngine::shared().unwrap().rooms() <= limits.max_rooms);
}
