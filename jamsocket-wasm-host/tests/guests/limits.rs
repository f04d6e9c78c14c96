use crate::{
    support::{
        Recorder, echo, failed_start, load, load_within, patient, room, room_of, room_within, small,
    },
    traps::call,
};
use jamsocket::{
    BuildError, ClientId, JamsocketService, JamsocketServiceFactory, ServiceError, ServiceUsage,
};
use jamsocket_wasm_host::{EngineError, GuestLimits, WasmEngine, WasmHostFactory};

fn used(memory_bytes: usize, refused_growths: u64) -> ServiceUsage {
    ServiceUsage { memory_bytes, refused_growths, ..ServiceUsage::default() }
}

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
async fn a_guest_that_takes_all_memory_that_it_gets_goes_on_at_its_limit() {
    // Page by page, each of which it writes to.
    let wat = echo().doing(
        "timer",
        "(local $page i32)
         (loop $next
           (local.set $page (memory.grow (i32.const 1)))
           (if (i32.ne (local.get $page) (i32.const -1))
             (then
               (memory.fill
                 (i32.mul (local.get $page) (i32.const 65536)) (i32.const 7) (i32.const 65536))
               (br $next))))
         (i32.store (i32.const 0) (memory.size))
         (call $send_binary (i32.const 0) (i32.const 0) (i32.const 4))",
    );
    let (mut service, done) = room_within(patient(), &wat).await;
    for _ in 0..2 {
        service.timer().await.unwrap();
        // 1024 pages are 64 MiB.
        assert_eq!(done.take(), ["to everyone: [0, 4, 0, 0]"]);
    }
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
async fn a_room_says_what_memory_it_has_and_how_often_it_was_refused_more() {
    let wat = echo()
        .doing("timer", "(drop (memory.grow (i32.const 2))) (drop (memory.grow (i32.const 1)))")
        .doing("connect", "(drop (memory.grow (i32.const 1))) unreachable");
    let limits = GuestLimits { memory_bytes: 3 << 16, ..small() };
    let (mut service, _) = room_within(limits, &wat).await;
    assert_eq!(service.usage(), used(1 << 16, 0));
    service.timer().await.unwrap();
    assert_eq!(service.usage(), used(3 << 16, 1));
    // What was refused counts where the guest ends for it, too.
    service.connect(ClientId::from(1)).await.unwrap_err();
    assert_eq!(service.usage(), used(0, 2));
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
async fn recursion_without_end_traps_wherever_it_begins() {
    let deep = "(func $deep (param i32) (result i32)
                  (i32.add (call $deep (local.get 0)) (i32.const 1)))";
    let exhausted = "the service trapped: wasm trap: call stack exhausted";
    for callback in ["connect", "disconnect", "timer", "message", "binary"] {
        let wat = echo().plus(deep).doing(callback, "(drop (call $deep (i32.const 0)))");
        let (mut service, _) = room(&wat).await;
        let error = call(&mut service, callback).await.unwrap_err().to_string();
        assert_eq!(error.lines().next(), Some(exhausted));
    }
    let at_start = "(drop (call $deep (i32.const 0)))";
    for wat in [
        echo().plus(&format!("(func $start {at_start}) (start $start)")),
        echo().plus(&format!(r#"(func (export "_initialize") {at_start})"#)),
        echo().doing("initialize", at_start),
        echo().doing("jam_malloc", "(call $deep (i32.const 0))"),
        echo().doing("jam_free", at_start),
    ] {
        let (failed, _) = failed_start(&wat.plus(deep)).await;
        assert_eq!(failed.lines().next(), Some(exhausted));
    }
}

#[tokio::test]
async fn recursion_through_imports_in_jam_malloc_traps() {
    let wat = echo().doing(
        "jam_malloc",
        "(call $send_message (i32.const 0) (i32.const 0) (i32.const 9))
         (call $set_timer (i32.const 1))
         (call $jam_malloc (local.get 0))",
    );
    let factory = load_within(patient(), &wat);
    let failed = factory.create("room", Recorder::default()).await.unwrap_err();
    let BuildError::Failed(cause) = failed else { panic!("{failed}") };
    let exhausted = "the service trapped: wasm trap: call stack exhausted";
    assert_eq!(cause.to_string().lines().next(), Some(exhausted));
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
    let (mut service, _) = room_within(patient(), &wat).await;
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

/// Modules take turns in the same places of the pool, and their rooms end in different ways.
#[tokio::test]
async fn what_a_room_leaves_behind_is_in_no_room_after_it() {
    let guests = "(table $t 1 funcref) (elem declare func $f) (func $f)
                  (global $g (mut i64) (i64.const 0))";
    // Writes a canary all over a memory of a mebibyte, a function all over a table, and a global.
    let leave = "(local $at i32)
         (drop (memory.grow (i32.const 15)))
         (drop (table.grow $t (ref.func $f) (i32.const 1000)))
         (global.set $g (i64.const 0xCA9A47))
         (loop $next
           (i64.store (local.get $at) (i64.const 0xCA9A47))
           (local.set $at (i32.add (local.get $at) (i32.const 8)))
           (br_if $next (i32.lt_u (local.get $at) (i32.const 1048576))))";
    // Sends how many of them are there.
    let look = "(local $at i32) (local $found i32)
         (drop (memory.grow (i32.const 15)))
         (drop (table.grow $t (ref.null func) (i32.const 1000)))
         (local.set $found (i64.ne (global.get $g) (i64.const 0)))
         (loop $next
           (local.set $found (i32.add (local.get $found)
             (i64.eq (i64.load (local.get $at)) (i64.const 0xCA9A47))))
           (local.set $at (i32.add (local.get $at) (i32.const 8)))
           (br_if $next (i32.lt_u (local.get $at) (i32.const 1048576))))
         (local.set $at (i32.const 0))
         (loop $next
           (local.set $found (i32.add (local.get $found)
             (i32.eqz (ref.is_null (table.get $t (local.get $at))))))
           (local.set $at (i32.add (local.get $at) (i32.const 1)))
           (br_if $next (i32.lt_u (local.get $at) (i32.const 1001))))
         (i32.store (i32.const 0) (local.get $found))
         (call $send_binary (i32.const 0) (i32.const 0) (i32.const 4))";
    let limits = GuestLimits { max_rooms: 2, ..small() };
    let engine = WasmEngine::with_limits(limits).unwrap();
    let load = |data: &str| -> WasmHostFactory<Recorder> {
        let wat = echo()
            .plus(guests)
            .plus(&format!(r#"(data (i32.const 8192) "{data}")"#))
            .doing("message", leave)
            .doing("connect", &format!("{leave} unreachable"))
            .doing("disconnect", &format!("{leave} (loop (br 0))"))
            .doing("timer", look);
        WasmHostFactory::from_bytes_in(&engine, wat.text().as_bytes()).unwrap()
    };
    // Each has an image of its own that its memory starts with.
    let modules = [load("one"), load("another"), load("a third")];
    for n in 0..200 {
        let (mut left, done) = room_of(&modules[n % 3]).await;
        match n % 4 {
            0 => {
                call(&mut left, "message").await.unwrap();
                call(&mut left, "timer").await.unwrap();
                // A global, 131,072 places in memory, and 1000 of a table.
                assert_eq!(done.take(), ["to everyone: [233, 3, 2, 0]"]);
            }
            1 => assert!(call(&mut left, "connect").await.is_err()),
            2 => assert!(call(&mut left, "disconnect").await.is_err()),
            _ => call(&mut left, "message").await.unwrap(),
        }
        drop(left);
        for module in &modules[..2] {
            let (mut room, done) = room_of(module).await;
            call(&mut room, "timer").await.unwrap();
            assert_eq!(done.take(), ["to everyone: [0, 0, 0, 0]"], "round {n}");
        }
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
    let refused = WasmEngine::with_limits(limits).unwrap_err();
    assert!(matches!(refused, EngineError::NoAddressSpace { .. }), "{refused}");
    let text = refused.to_string();
    assert!(text.contains(" has no place for a single room, which takes "), "{text}");
    assert!(text.ends_with(": raise that bound, or lower `memory_bytes`"), "{text}");
}

#[test]
fn the_engine_of_the_process_is_always_the_same() {
    let limits = WasmEngine::shared().unwrap().limits().clone();
    assert_eq!(limits, GuestLimits::default());
    assert!(WasmEngine::shared().unwrap().rooms() <= limits.max_rooms);
}
