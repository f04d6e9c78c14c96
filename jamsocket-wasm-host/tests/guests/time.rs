use crate::{
    support::{
        Recorder, Wat, echo, failed_start, load, load_within, patient, room, room_of, room_within,
        small,
    },
    traps::call,
};
use jamsocket::{BuildError, ClientId, JamsocketService, JamsocketServiceFactory, ServiceError};
use jamsocket_wasm_host::{GuestLimits, WasmService};
use std::{future::poll_fn, pin::pin, task::Poll, time::Duration};
use tokio::task::{JoinHandle, yield_now};

const SPIN: &str = "(loop $again (br $again))";

/// Says so, and then runs for ever.
const SAY_AND_SPIN: &str = "(call $send_message (i32.const 0) (i32.const 0) (i32.const 0))
                            (loop $again (br $again))";

/// A guest with `$now`, in nanoseconds, and `$sleep` for so many nanoseconds in the host.
fn with_clocks() -> Wat {
    echo()
        .importing(
            r#"(import "wasi_snapshot_preview1" "clock_time_get"
                 (func $clock (param i32 i64 i32) (result i32)))"#,
        )
        .importing(
            r#"(import "wasi_snapshot_preview1" "poll_oneoff"
                 (func $poll (param i32 i32 i32 i32) (result i32)))"#,
        )
        .plus(
            r#"(func $now (result i64)
                 (drop (call $clock (i32.const 1) (i64.const 0) (i32.const 0)))
                 (i64.load (i32.const 0)))
               (func $sleep (param $nanoseconds i64)
                 (i32.store (i32.const 1040) (i32.const 1))
                 (i64.store (i32.const 1048) (local.get $nanoseconds))
                 (drop (call $poll
                   (i32.const 1024) (i32.const 2048) (i32.const 1) (i32.const 0))))"#,
        )
}

#[tokio::test]
async fn a_callback_that_does_not_return_is_stopped() {
    for callback in ["connect", "disconnect", "timer", "message", "binary"] {
        let (mut service, _) = room(&echo().doing(callback, SPIN)).await;
        let error = call(&mut service, callback).await.unwrap_err();
        let ServiceError::OutOfTime { bound, backtrace } = &error else { panic!("{error}") };
        assert_eq!(bound, "20ms of running");
        assert!(backtrace.ends_with(&format!("guest!{callback}")), "{backtrace}");
        let heading = "the service ran out of time: a callback may take 20ms of running";
        assert_eq!(error.to_string().lines().next(), Some(heading));
        assert_eq!(call(&mut service, "timer").await, Err(ServiceError::Abandoned));
    }
}

#[tokio::test]
async fn a_start_that_does_not_return_is_stopped() {
    for wat in [
        echo().plus(&format!("(func $start {SPIN}) (start $start)")),
        echo().plus(&format!(r#"(func (export "_initialize") {SPIN})"#)),
        echo().doing("initialize", SPIN),
        echo().doing("jam_malloc", &format!("{SPIN} (i32.const 4096)")),
        echo().doing("jam_free", SPIN),
    ] {
        let (failed, _) = failed_start(&wat).await;
        let heading = "the service ran out of time: a callback may take 20ms of running";
        assert_eq!(failed.lines().next(), Some(heading));
    }
}

#[tokio::test]
async fn memory_calls_around_a_message_that_do_not_return_are_stopped() {
    // `initialize` gets through, with one call of each.
    let second_time = "(global.set $calls (i32.add (global.get $calls) (i32.const 1)))
                       (if (i32.eq (global.get $calls) (i32.const 2)) (then (loop (br 0))))";
    for (callback, result) in [("jam_malloc", "(i32.const 4096)"), ("jam_free", "")] {
        for message in ["message", "binary"] {
            let wat = echo()
                .plus("(global $calls (mut i32) (i32.const 0))")
                .doing(callback, &format!("{second_time} {result}"));
            let (mut service, _) = room(&wat).await;
            let error = call(&mut service, message).await.unwrap_err();
            let ServiceError::OutOfTime { bound, backtrace } = &error else { panic!("{error}") };
            assert_eq!(bound, "20ms of running");
            assert!(backtrace.ends_with(&format!("guest!{callback}")), "{backtrace}");
            assert_eq!(call(&mut service, "timer").await, Err(ServiceError::Abandoned));
        }
    }
}

#[tokio::test]
async fn a_loop_of_bulk_operations_is_stopped() {
    let whole = "(i32.const 0) (i32.const 0) (i32.const 16777216)";
    for operation in [
        &format!("(memory.fill {whole})"),
        &format!("(memory.copy {whole})"),
        "(table.fill (i32.const 0) (ref.null func) (i32.const 100000))",
        "(table.copy (i32.const 0) (i32.const 1) (i32.const 99999))",
        "(memory.init $data (i32.const 0) (i32.const 0) (i32.const 4))",
        "(drop (memory.grow (i32.const 65535)))",
        "(drop (table.grow (ref.null func) (i32.const -1)))",
    ] {
        let wat = echo()
            .with("memory", r#"(memory (export "memory") 256)"#)
            .plus(r#"(table 100000 funcref) (data $data "data")"#)
            .doing("timer", &format!("(loop $again {operation} (br $again))"));
        let (mut service, _) = room(&wat).await;
        let error = service.timer().await.unwrap_err();
        let ServiceError::OutOfTime { bound, .. } = &error else { panic!("{operation}: {error}") };
        assert_eq!(bound, "20ms of running");
    }
}

#[tokio::test]
async fn a_loop_of_calls_of_the_host_is_stopped() {
    let wasi = |name: &str, params: &str| {
        format!(
            r#"(import "wasi_snapshot_preview1" "{name}"
                 (func ${name} (param {params}) (result i32)))"#
        )
    };
    for call in [
        "(call $set_timer (i32.const 1))",
        "(drop (call $sched_yield))",
        "(drop (call $clock_res_get (i32.const 1) (i32.const 0)))",
        "(drop (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 0)))",
        "(drop (call $random_get (i32.const 0) (i32.const 65536)))",
        "(drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0)))",
        "(drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))",
    ] {
        let wat = echo()
            .importing(&wasi("sched_yield", ""))
            .importing(&wasi("clock_res_get", "i32 i32"))
            .importing(&wasi("clock_time_get", "i32 i64 i32"))
            .importing(&wasi("random_get", "i32 i32"))
            .importing(&wasi("fd_write", "i32 i32 i32 i32"))
            .importing(&wasi("fd_read", "i32 i32 i32 i32"))
            .doing("timer", &format!("(loop $again {call} (br $again))"));
        // A guest that yields to its host all the time may not be running when a tick comes.
        let limits = GuestLimits { wall_time: Duration::from_millis(200), ..small() };
        let (mut service, _) = room_within(limits, &wat).await;
        let error = service.timer().await.unwrap_err();
        assert!(matches!(error, ServiceError::OutOfTime { .. }), "{call}: {error}");
        assert_eq!(service.timer().await, Err(ServiceError::Abandoned));
    }
}

#[tokio::test]
async fn a_callback_of_many_ticks_within_its_budget_comes_to_its_end() {
    let wat = with_clocks().doing(
        "timer",
        "(local $end i64)
         (local.set $end (i64.add (call $now) (i64.const 10000000)))
         (loop $again (br_if $again (i64.lt_u (call $now) (local.get $end))))
         (call $send_message (i32.const 0) (i32.const 0) (i32.const 0))",
    );
    let (mut service, done) = room_within(patient(), &wat).await;
    service.timer().await.unwrap();
    assert_eq!(done.take(), [r#"to everyone: """#]);
}

#[tokio::test]
async fn each_callback_has_a_budget_of_its_own() {
    // Each takes more than half of the 20 ms.
    let wat = with_clocks().doing(
        "timer",
        "(local $end i64)
         (local.set $end (i64.add (call $now) (i64.const 11000000)))
         (loop $again (br_if $again (i64.lt_u (call $now) (local.get $end))))",
    );
    let (mut service, _) = room(&wat).await;
    for _ in 0..4 {
        service.timer().await.unwrap();
    }
}

/// A room that runs for ever in `timer`, on an engine that lets it, and one that echoes.
async fn a_spinning_room_and_another()
-> (JoinHandle<Result<(), ServiceError>>, Recorder, WasmService<Recorder>, Recorder) {
    let limits = GuestLimits {
        run_time: Duration::from_secs(20),
        wall_time: Duration::from_secs(20),
        ..small()
    };
    let wat = echo().doing("timer", SAY_AND_SPIN);
    let factory = load_within(limits, &wat);
    let (mut spinning, spinning_done) = room_of(&factory).await;
    let (other, other_done) = room_of(&factory).await;
    let spin = tokio::spawn(async move { spinning.timer().await });
    (spin, spinning_done, other, other_done)
}

#[tokio::test(flavor = "current_thread")]
async fn others_on_the_thread_of_a_guest_that_spins_are_served_meanwhile() {
    let (spin, spinning_done, mut other, done) = a_spinning_room_and_another().await;
    for _ in 0..5 {
        yield_now().await;
        other.message(ClientId::from(1), "hi").await.unwrap();
    }
    assert_eq!(done.take(), [r#"to 1: "hi""#; 5]);
    assert_eq!(spinning_done.take(), [r#"to everyone: """#]);
    assert!(!spin.is_finished());
    spin.abort();
}

#[tokio::test(flavor = "current_thread")]
async fn a_callback_that_its_host_drops_midway_leaves_nothing_behind() {
    let limits = GuestLimits { max_rooms: 1, run_time: Duration::from_secs(20), ..small() };
    let factory = load_within(limits, &echo().doing("timer", SAY_AND_SPIN));
    let (mut service, done) = room_of(&factory).await;
    {
        let mut spinning = pin!(service.timer());
        let first = poll_fn(|cx| Poll::Ready(spinning.as_mut().poll(cx)));
        assert!(first.await.is_pending());
    }
    assert_eq!(done.take(), [r#"to everyone: """#]);
    assert_eq!(service.timer().await, Err(ServiceError::Abandoned));
    // Its place is free again.
    room_of(&factory).await;
}

#[tokio::test]
async fn two_guests_that_spin_are_both_stopped() {
    let factory = load(&echo().doing("timer", SPIN)).unwrap();
    let (mut one, _) = room_of(&factory).await;
    let (mut two, _) = room_of(&factory).await;
    let both = tokio::join!(one.timer(), two.timer());
    for failed in [both.0, both.1] {
        assert!(matches!(failed, Err(ServiceError::OutOfTime { .. })), "{failed:?}");
    }
}

#[tokio::test]
async fn a_guest_that_waits_in_the_host_is_stopped_by_the_clock_on_the_wall() {
    let limits = GuestLimits {
        run_time: Duration::from_secs(20),
        wall_time: Duration::from_millis(30),
        ..small()
    };
    let wat = with_clocks().doing("timer", "(call $sleep (i64.const 3600000000000))");
    let (mut service, _) = room_within(limits, &wat).await;
    let overdue = ServiceError::OutOfTime {
        bound: "30ms, all waiting included".to_owned(),
        backtrace: String::new(),
    };
    assert_eq!(service.timer().await, Err(overdue));
    assert_eq!(service.timer().await, Err(ServiceError::Abandoned));
}

#[tokio::test]
async fn a_guest_that_spins_too_long_is_stopped_by_the_clock_on_the_wall() {
    let limits = GuestLimits {
        run_time: Duration::from_secs(20),
        wall_time: Duration::from_millis(30),
        ..small()
    };
    let wat = echo().doing("initialize", SPIN);
    let factory = load_within(limits, &wat);
    let failed = factory.create("room", Recorder::default()).await.unwrap_err();
    let BuildError::Failed(cause) = failed else { panic!("{failed}") };
    assert_eq!(
        cause.to_string(),
        "the service ran out of time: a callback may take 30ms, all waiting included"
    );
}

#[tokio::test]
async fn time_in_the_host_is_no_running_time() {
    // 50 ms of sleep, where a callback may run for 20.
    let wat = with_clocks().doing(
        "timer",
        "(call $sleep (i64.const 50000000))
         (call $send_message (i32.const 0) (i32.const 0) (i32.const 0))",
    );
    let (mut service, done) = room(&wat).await;
    service.timer().await.unwrap();
    assert_eq!(done.take(), [r#"to everyone: """#]);
}

#[tokio::test]
async fn rooms_that_were_stopped_have_left_the_pool() {
    let factory = load(&echo().doing("timer", SPIN)).unwrap();
    for _ in 0..=small().max_rooms {
        let (mut service, _) = room_of(&factory).await;
        assert!(service.timer().await.is_err());
    }
}
