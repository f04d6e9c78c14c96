use crate::support::{
    Wat, echo, failed_start, load_within, patient, room, room_of, room_within, small,
};
use jamsocket::{ClientId, JamsocketService, ServiceError};
use jamsocket_wasm_host::GuestLimits;
use random_modules::WASI;
use std::{future::poll_fn, pin::pin, time::Duration};

/// A guest with `fd_write`, and `$write` which writes what lies at an address to an output.
fn writing() -> Wat {
    echo()
        .importing(
            r#"(import "wasi_snapshot_preview1" "fd_write"
                 (func $fd_write (param i32 i32 i32 i32) (result i32)))"#,
        )
        .plus(
            "(func $write (param $output i32) (param $pointer i32) (param $len i32)
               (i32.store (i32.const 8) (local.get $pointer))
               (i32.store (i32.const 12) (local.get $len))
               (if (call $fd_write
                     (local.get $output) (i32.const 8) (i32.const 1) (i32.const 16))
                 (then unreachable)))",
        )
}

/// Calls a function of WASI whose result is an error code, and sends that to everyone.
fn sends_result(call: &str) -> String {
    format!(
        "(i32.store (i32.const 512) {call})
         (call $send_binary (i32.const 0) (i32.const 512) (i32.const 1))"
    )
}

const OK: &str = "to everyone: [0]";
const BAD_FILE: &str = "to everyone: [8]";

#[tokio::test]
async fn outputs_become_log_lines() {
    let wat = writing().plus(r#"(data (i32.const 1024) "one\ntwo\nthree")"#).doing(
        "timer",
        "(call $write (i32.const 1) (i32.const 1024) (i32.const 13))
             (call $write (i32.const 2) (i32.const 1024) (i32.const 4))",
    );
    let (mut service, done) = room(&wat).await;
    service.timer().await.unwrap();
    // What was begun is a line when the callback ends.
    assert_eq!(done.take(), ["Info: one", "Info: two", "Warn: one", "Info: three"]);
}

#[tokio::test]
async fn log_lines_come_in_order_with_messages() {
    let wat = writing().plus(r#"(data (i32.const 1024) "line\n")"#).doing(
        "message",
        "(call $write (i32.const 1) (i32.const 1024) (i32.const 5))
             (call $send_message (i32.const 0) (local.get 1) (local.get 2))
             (call $write (i32.const 1) (i32.const 1024) (i32.const 5))",
    );
    let (mut service, done) = room(&wat).await;
    service.message(ClientId::from(1), "hi").await.unwrap();
    let order = ["Info: line", r#"to everyone: "hi""#, "Info: line"];
    assert_eq!(done.take(), order);
}

#[tokio::test]
async fn what_a_guest_writes_before_it_traps_is_logged() {
    let panicking = "(call $write (i32.const 2) (i32.const 1024) (i32.const 54)) unreachable";
    let wat = writing().plus(
        r#"(data (i32.const 1024) "\nthread 'main' panicked at src/lib.rs:7:9:\nout of luck")"#,
    );
    let expected = ["Warn: thread 'main' panicked at src/lib.rs:7:9:", "Warn: out of luck"];

    let (mut service, done) = room(&wat.clone().doing("timer", panicking)).await;
    assert!(service.timer().await.is_err());
    assert_eq!(done.take(), expected);

    let (_, done) = failed_start(&wat.doing("initialize", panicking)).await;
    assert_eq!(done.take(), expected);
}

#[tokio::test]
async fn what_would_play_tricks_on_a_terminal_is_made_visible() {
    let wat = writing()
        .plus(r#"(data (i32.const 1024) "\1b[2J\ff\n")"#)
        .doing("timer", "(call $write (i32.const 1) (i32.const 1024) (i32.const 6))");
    let (mut service, done) = room(&wat).await;
    service.timer().await.unwrap();
    assert_eq!(done.take(), ["Info: \\u{1b}[2J\u{FFFD}"]);
}

#[tokio::test]
async fn an_address_beyond_the_memory_is_no_output() {
    for (pointer, len) in [(65_535, 2), (65_536, 1), (-1, 1), (1, -1), (-1, -1)] {
        let wat = writing().doing(
            "timer",
            &format!("(call $write (i32.const 1) (i32.const {pointer}) (i32.const {len}))"),
        );
        let (mut service, done) = room(&wat).await;
        assert!(service.timer().await.is_err(), "{pointer} {len}");
        assert_eq!(done.take(), [""; 0]);
    }
}

#[tokio::test]
async fn outputs_are_taken_in_bounded_pieces() {
    // Beside the bytes, the address and length of them are copied.
    let most = (4 << 20) - 8;
    let out_of_memory = "to everyone: [48]";
    for (len, result, lines) in [(most, OK, 512), (most + 1, out_of_memory, 0)] {
        let wat = writing().with("memory", r#"(memory (export "memory") 100)"#).doing(
            "timer",
            &format!(
                "(memory.fill (i32.const 1024) (i32.const 0x78) (i32.const {len}))
                     (i32.store (i32.const 8) (i32.const 1024))
                     (i32.store (i32.const 12) (i32.const {len}))
                     {}",
                sends_result(
                    "(call $fd_write
                           (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 16))"
                )
            ),
        );
        let (mut service, done) = room_within(patient(), &wat).await;
        service.timer().await.unwrap();
        let done = done.take();
        assert!(done.iter().any(|line| line == result), "{result}");
        assert_eq!(done.len(), lines + 1);
    }
}

#[tokio::test]
async fn a_guest_that_writes_much_lets_others_have_their_turn_meanwhile() {
    let wat = writing().with("memory", r#"(memory (export "memory") 17)"#).doing(
        "timer",
        "(memory.fill (i32.const 1024) (i32.const 0x78) (i32.const 1048576))
         (call $write (i32.const 1) (i32.const 1024) (i32.const 1048576))",
    );
    let (mut service, _) = room_within(patient(), &wat).await;
    let mut turns = 0;
    let mut writing = pin!(service.timer());
    poll_fn(|cx| {
        turns += 1;
        writing.as_mut().poll(cx)
    })
    .await
    .unwrap();
    // One for every 16 KiB, and those at a tick.
    assert!(turns >= 64, "{turns}");
}

#[tokio::test]
async fn there_are_clocks() {
    let wat = echo()
        .importing(
            r#"(import "wasi_snapshot_preview1" "clock_time_get"
                 (func $clock (param i32 i64 i32) (result i32)))"#,
        )
        .doing(
            "timer",
            "(if (call $clock (i32.const 0) (i64.const 0) (i32.const 512)) (then unreachable))
             ;; The first of January 2020.
             (if (i64.lt_u (i64.load (i32.const 512)) (i64.const 1577836800000000000))
               (then unreachable))
             (if (call $clock (i32.const 1) (i64.const 0) (i32.const 512)) (then unreachable))
             (if (call $clock (i32.const 1) (i64.const 0) (i32.const 520)) (then unreachable))
             (if (i64.lt_u (i64.load (i32.const 520)) (i64.load (i32.const 512)))
               (then unreachable))",
        );
    let (mut service, _) = room(&wat).await;
    service.timer().await.unwrap();
}

#[tokio::test]
async fn there_is_randomness_and_no_two_rooms_have_the_same() {
    let wat = echo()
        .importing(
            r#"(import "wasi_snapshot_preview1" "random_get"
                 (func $random (param i32 i32) (result i32)))"#,
        )
        .doing(
            "timer",
            "(if (call $random (i32.const 512) (i32.const 16)) (then unreachable))
             (call $send_binary (i32.const 0) (i32.const 512) (i32.const 16))",
        );
    let (mut one, one_done) = room(&wat).await;
    let (mut two, two_done) = room(&wat).await;
    one.timer().await.unwrap();
    two.timer().await.unwrap();
    assert_ne!(one_done.take(), two_done.take());
}

#[tokio::test]
async fn randomness_comes_in_bounded_pieces() {
    let random = |len: u32| {
        echo()
            .importing(
                r#"(import "wasi_snapshot_preview1" "random_get"
                     (func $random (param i32 i32) (result i32)))"#,
            )
            .with("memory", r#"(memory (export "memory") 100)"#)
            .doing(
                "timer",
                &format!("(drop (call $random (i32.const 0) (i32.const {})))", len.cast_signed()),
            )
    };
    let (mut service, _) = room(&random(256 << 10)).await;
    service.timer().await.unwrap();
    for len in [(256 << 10) + 1, 1 << 30, u32::MAX] {
        let (mut service, _) = room(&random(len)).await;
        assert!(service.timer().await.is_err());
    }
}

#[tokio::test]
async fn there_are_no_files_no_arguments_and_no_environment() {
    let wat = echo()
        .importing(
            r#"(import "wasi_snapshot_preview1" "fd_prestat_get"
                 (func $prestat (param i32 i32) (result i32)))"#,
        )
        .importing(
            r#"(import "wasi_snapshot_preview1" "path_open"
                 (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))"#,
        )
        .importing(
            r#"(import "wasi_snapshot_preview1" "environ_sizes_get"
                 (func $environ (param i32 i32) (result i32)))"#,
        )
        .importing(
            r#"(import "wasi_snapshot_preview1" "args_sizes_get"
                 (func $args (param i32 i32) (result i32)))"#,
        )
        .plus(r#"(data (i32.const 1024) "/")"#)
        .doing("connect", &sends_result("(call $prestat (i32.const 3) (i32.const 0))"))
        .doing(
            "disconnect",
            &sends_result(
                "(call $open (i32.const 3) (i32.const 0) (i32.const 1024) (i32.const 1)
                   (i32.const 0) (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 0))",
            ),
        )
        .doing(
            "timer",
            "(i32.store (i32.const 512) (i32.const -1))
             (i32.store (i32.const 516) (i32.const -1))
             (drop (call $environ (i32.const 512) (i32.const 520)))
             (drop (call $args (i32.const 516) (i32.const 520)))
             (call $send_binary (i32.const 0) (i32.const 512) (i32.const 8))",
        );
    let (mut service, done) = room(&wat).await;
    service.connect(ClientId::from(1)).await.unwrap();
    service.disconnect(ClientId::from(1)).await.unwrap();
    service.timer().await.unwrap();
    assert_eq!(done.take(), [BAD_FILE, BAD_FILE, "to everyone: [0, 0, 0, 0, 0, 0, 0, 0]"]);
}

#[tokio::test]
async fn standard_input_is_at_its_end() {
    let wat = echo()
        .importing(
            r#"(import "wasi_snapshot_preview1" "fd_read"
                 (func $read (param i32 i32 i32 i32) (result i32)))"#,
        )
        .doing(
            "timer",
            &format!(
                "(i32.store (i32.const 0) (i32.const 2048))
                 (i32.store (i32.const 4) (i32.const 16))
                 (i32.store (i32.const 8) (i32.const -1))
                 {}
                 (if (i32.load (i32.const 8)) (then unreachable))",
                sends_result(
                    "(call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8))"
                )
            ),
        );
    let (mut service, done) = room(&wat).await;
    service.timer().await.unwrap();
    assert_eq!(done.take(), [OK]);
}

#[tokio::test]
async fn no_function_of_wasi_hurts_its_host_whatever_it_is_given() {
    let limits = GuestLimits { wall_time: Duration::from_millis(20), ..small() };
    // Zero, all ones, about the memory's end, in its middle, the outputs, and what is not there.
    let numbers = ["0", "-1", "65535", "65536", "4096", "1", "2", "3", "0x80000000"];
    for (name, params) in WASI {
        let params: Vec<&str> = params.split_whitespace().collect();
        let call = |arguments: &[&str]| {
            let arguments = params.iter().zip(arguments);
            let arguments: String =
                arguments.map(|(ty, number)| format!("({ty}.const {number})")).collect();
            format!("(call ${name} {arguments})")
        };
        let mut calls: Vec<String> =
            numbers.iter().map(|number| call(&vec![*number; params.len()])).collect();
        // All that can be had of numbers that fit, but for one of them.
        for fitting in ["1", "4096"] {
            for odd in 0..params.len() {
                for number in numbers {
                    let mut arguments = vec![fitting; params.len()];
                    arguments[odd] = number;
                    calls.push(call(&arguments));
                }
            }
        }
        // One room a call: a guest that was ended is no more.
        let mut wat = echo().importing(&random_modules::imports_of_wasi());
        let result = if name == "proc_exit" { "" } else { "drop" };
        let cases: String = calls
            .iter()
            .enumerate()
            .map(|(n, call)| {
                format!(
                    "(if (i32.eq (local.get 0) (i32.const {})) (then {call} {result}))\n",
                    n + 1
                )
            })
            .collect();
        wat = wat.doing("connect", &cases);
        let factory = load_within(limits.clone(), &wat);
        for n in 1..=calls.len() {
            let (mut service, done) = room_of(&factory).await;
            let result = service.connect(ClientId::from(n as u32)).await;
            match result {
                Ok(()) => service.message(ClientId::from(1), "hi").await.unwrap(),
                Err(ServiceError::Trapped(_) | ServiceError::OutOfTime { .. }) => {}
                Err(other) => panic!("{}: {other}", calls[n - 1]),
            }
            let lines = done.take();
            let sent = lines.iter().filter(|line| line.starts_with("to ")).count();
            assert!(sent <= 1, "{}: {lines:?}", calls[n - 1]);
        }
    }
}

#[tokio::test]
async fn hostile_vectors_of_output_are_refused() {
    // How many vectors, where they are, and where their first has its bytes and how many.
    for (count, vectors, pointer, len) in [
        (u32::MAX, 0, 0, 1),
        (1, u32::MAX, 0, 1),
        (1, 65_532, 0, 1),
        (8192, 8, 0, 1),
        (1, 0, u32::MAX, u32::MAX),
        (1, 0, 0, u32::MAX),
    ] {
        let number = |number: u32| number.cast_signed();
        let wat = writing().doing(
            "timer",
            &format!(
                "(i32.store (i32.const 0) (i32.const {}))
                 (i32.store (i32.const 4) (i32.const {}))
                 (if (call $fd_write
                       (i32.const 1) (i32.const {}) (i32.const {}) (i32.const 16))
                   (then unreachable))",
                number(pointer),
                number(len),
                number(vectors),
                number(count)
            ),
        );
        let (mut service, done) = room(&wat).await;
        let failed = service.timer().await;
        assert!(matches!(failed, Err(ServiceError::Trapped(_))), "{count} {vectors}: {failed:?}");
        assert_eq!(done.take(), [""; 0]);
    }
}

#[tokio::test]
async fn nothing_is_waited_for_in_great_numbers() {
    let polling = |count: u32| {
        let poll = format!(
            "(call $poll (i32.const 0) (i32.const 8388608) (i32.const {}) (i32.const 4))",
            count.cast_signed()
        );
        echo()
            .importing(
                r#"(import "wasi_snapshot_preview1" "poll_oneoff"
                     (func $poll (param i32 i32 i32 i32) (result i32)))"#,
            )
            .with("memory", r#"(memory (export "memory") 1024)"#)
            .doing(
                "timer",
                // Of the 48 bytes of each there is nothing but the number of a clock.
                &format!(
                    "(local $at i32)
                     (loop $next
                       (i32.store offset=16 (local.get $at) (i32.const 1))
                       (local.set $at (i32.add (local.get $at) (i32.const 48)))
                       (br_if $next (i32.lt_u (local.get $at) (i32.const 8380000))))
                     {}",
                    sends_result(&poll)
                ),
            )
    };
    // The clock is due at once.
    let (mut service, done) = room_within(patient(), &polling(1000)).await;
    service.timer().await.unwrap();
    assert_eq!(done.take(), [OK]);
    let out_of_memory = "to everyone: [48]";
    for count in [(4 << 20) / 48 + 1, 1 << 20, u32::MAX] {
        let (mut service, done) = room_within(patient(), &polling(count)).await;
        service.timer().await.unwrap();
        assert_eq!(done.take(), [out_of_memory], "{count}");
    }
}
