use crate::support::{Recorder, Wat, echo, failed_start, load, room, room_of};
use jamsocket::{ClientId, JamsocketService, JamsocketServiceFactory, ServiceError};
use jamsocket_wasm_host::WasmService;

const CALLBACKS: [&str; 5] = ["connect", "disconnect", "timer", "message", "binary"];

pub(crate) async fn call(
    service: &mut WasmService<Recorder>,
    callback: &str,
) -> Result<(), ServiceError> {
    let client = ClientId::from(1);
    match callback {
        "connect" => service.connect(client).await,
        "disconnect" => service.disconnect(client).await,
        "timer" => service.timer().await,
        "message" => service.message(client, "x").await,
        "binary" => service.binary(client, b"x").await,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_trap_in_any_callback_is_an_error_with_the_cause_and_the_place() {
    for callback in CALLBACKS {
        let (mut service, _) = room(&echo().doing(callback, "unreachable")).await;
        let error = call(&mut service, callback).await.unwrap_err();
        let ServiceError::Trapped(text) = error else { panic!("{error}") };
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "wasm trap: wasm `unreachable` instruction executed");
        assert_eq!(lines.len(), 2, "{text}");
        assert!(lines[1].ends_with(&format!("guest!{callback}")), "{text}");
    }
}

#[tokio::test]
async fn names_in_a_backtrace_are_readable() {
    let wat = echo()
        .plus("(func $_ZN4core9panicking5panic17h0123456789abcdefE unreachable)")
        .doing("timer", "(call $_ZN4core9panicking5panic17h0123456789abcdefE)");
    let (mut service, _) = room(&wat).await;
    let text = service.timer().await.unwrap_err().to_string();
    assert!(text.contains("guest!core::panicking::panic"), "{text}");
    assert!(text.contains("guest!timer"), "{text}");
}

#[tokio::test]
async fn names_in_a_backtrace_play_no_tricks() {
    let wat = echo().plus(r#"(func $"\1b[2J" unreachable)"#).doing("timer", r#"(call $"\1b[2J")"#);
    let (mut service, _) = room(&wat).await;
    let text = service.timer().await.unwrap_err().to_string();
    assert!(text.contains(r"guest!\u{1b}[2J"), "{text}");
}

#[tokio::test]
async fn a_trap_at_the_start_is_a_room_that_cannot_be_built() {
    for wat in [
        echo().plus("(func $start unreachable) (start $start)"),
        echo().plus(r#"(func (export "_initialize") unreachable)"#),
        echo().doing("initialize", "unreachable"),
        echo().doing("jam_malloc", "unreachable"),
        echo().doing("jam_free", "unreachable"),
    ] {
        let (failed, _) = failed_start(&wat).await;
        let expected = "the service trapped: wasm trap: wasm `unreachable` instruction executed";
        assert_eq!(failed.lines().next(), Some(expected));
    }
}

#[tokio::test]
async fn data_beyond_the_memory_is_the_modules_fault_and_no_want_of_capacity() {
    let (failed, _) = failed_start(&echo().plus(r#"(data (i32.const 65536) "x")"#)).await;
    assert_eq!(failed, "the service trapped: wasm trap: out of bounds memory access");
}

#[tokio::test]
async fn a_start_function_that_misuses_the_host_is_at_fault_too() {
    let wat = echo().plus(
        "(func $start (call $send_message (i32.const 0) (i32.const -1) (i32.const 1)))
         (start $start)",
    );
    let (failed, _) = failed_start(&wat).await;
    assert!(failed.starts_with("the service trapped: send_message: 1 bytes at"), "{failed}");
}

#[tokio::test]
async fn a_trap_around_a_message_ends_the_room() {
    // `initialize` gets through, with one call of each.
    let second_time = "(global.set $calls (i32.add (global.get $calls) (i32.const 1)))
                       (if (i32.eq (global.get $calls) (i32.const 2)) (then unreachable))";
    for (callback, result) in [("jam_malloc", "(i32.const 4096)"), ("jam_free", "")] {
        let wat = echo()
            .plus("(global $calls (mut i32) (i32.const 0))")
            .doing(callback, &format!("{second_time} {result}"));
        let (mut service, _) = room(&wat).await;
        let failed = call(&mut service, "message").await;
        assert!(matches!(failed, Err(ServiceError::Trapped(_))), "{failed:?}");
        assert_eq!(call(&mut service, "timer").await, Err(ServiceError::Abandoned));
    }
}

#[tokio::test]
async fn every_kind_of_trap_is_told() {
    for (body, cause) in [
        ("(drop (i32.load (i32.const 65536)))", "wasm trap: out of bounds memory access"),
        ("(drop (i32.div_s (i32.const 1) (i32.const 0)))", "wasm trap: integer divide by zero"),
        ("(call_indirect (i32.const 0))", "wasm trap: uninitialized element"),
        (
            "(memory.fill (i32.const 65535) (i32.const 0) (i32.const 2))",
            "wasm trap: out of bounds memory access",
        ),
    ] {
        let wat = echo().plus("(table 1 funcref)").doing("timer", body);
        let (mut service, _) = room(&wat).await;
        let error = service.timer().await.unwrap_err();
        let ServiceError::Trapped(text) = error else { panic!("{error}") };
        assert_eq!(text.lines().next(), Some(cause));
    }
}

#[tokio::test]
async fn exiting_is_an_end_too() {
    let exiting = |status: i32| -> Wat {
        echo()
            .importing(r#"(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))"#)
            .doing("timer", &format!("(call $exit (i32.const {status}))"))
    };
    for status in [0, 1] {
        let (mut service, _) = room(&exiting(status)).await;
        let error = service.timer().await.unwrap_err().to_string();
        let expected = format!("the service trapped: the guest exited with status {status}");
        assert_eq!(error.lines().next(), Some(expected.as_str()));
    }
}

#[tokio::test]
async fn a_trap_leaves_other_rooms_of_the_module_alone() {
    let factory = load(&echo().doing("timer", "unreachable")).unwrap();
    let (mut trapping, _) = room_of(&factory).await;
    let (mut other, done) = room_of(&factory).await;
    assert!(trapping.timer().await.is_err());
    call(&mut other, "message").await.unwrap();
    assert_eq!(done.take(), [r#"to 1: "x""#]);
    factory.create("another", Recorder::default()).await.unwrap();
}
