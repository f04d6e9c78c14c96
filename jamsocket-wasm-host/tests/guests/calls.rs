use crate::support::{Wat, echo, failed_start, load, room};
use jamsocket::{ClientId, JamsocketService, JamsocketServiceFactory};

/// Sends what lies at the address and of the length that are on the stack of arguments to everyone.
const TELL_ARGUMENTS: &str = "(call $send_message (i32.const 0) (local.get 0) (local.get 1))";

/// Sends one of the words below to everyone.
fn say(word: &str) -> String {
    let pointer = WORDS.find(word).unwrap();
    let len = word.len();
    format!("(call $send_message (i32.const 0) (i32.const {pointer}) (i32.const {len}))")
}

const WORDS: &str = "start reactor initialize malloc free connect disconnect timer message binary";

/// A guest that tells each time that it is called.
fn telling() -> Wat {
    let mut wat = echo()
        .plus(&format!(r#"(data (i32.const 0) "{WORDS}")"#))
        .doing("jam_malloc", &format!("{} (i32.const 4096)", say("malloc")))
        .doing("jam_free", &say("free"));
    for callback in ["initialize", "connect", "disconnect", "timer", "message", "binary"] {
        wat = wat.doing(callback, &say(callback));
    }
    wat
}

fn client() -> ClientId {
    ClientId::from(7)
}

fn told(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| format!("to everyone: {word:?}")).collect()
}

#[tokio::test]
async fn a_room_starts_in_order() {
    let wat = telling()
        .plus(&format!("(func $start {}) (start $start)", say("start")))
        .plus(&format!(r#"(func (export "_initialize") {})"#, say("reactor")));
    let (_service, done) = room(&wat).await;
    let order = ["start", "reactor", "malloc", "initialize", "free"];
    assert_eq!(done.take(), told(&order));
}

#[tokio::test]
async fn memory_is_lent_for_messages_and_taken_back_after_them() {
    let (mut service, done) = room(&telling()).await;
    done.take();
    service.connect(client()).await.unwrap();
    service.message(client(), "x").await.unwrap();
    service.binary(client(), b"x").await.unwrap();
    service.timer().await.unwrap();
    service.disconnect(client()).await.unwrap();
    let order =
        ["connect", "malloc", "message", "free", "malloc", "binary", "free", "timer", "disconnect"];
    assert_eq!(done.take(), told(&order));
}

#[tokio::test]
async fn an_empty_message_comes_at_address_one_and_needs_no_memory() {
    let check = "(if (i32.ne (local.get 1) (i32.const 1)) (then unreachable))
                 (if (local.get 2) (then unreachable))";
    let wat = telling()
        .doing("message", &format!("{check} {}", say("message")))
        .doing("binary", &format!("{check} {}", say("binary")));
    let (mut service, done) = room(&wat).await;
    done.take();
    service.message(client(), "").await.unwrap();
    service.binary(client(), b"").await.unwrap();
    assert_eq!(done.take(), told(&["message", "binary"]));
}

#[tokio::test]
async fn an_empty_room_id_comes_at_address_one_and_needs_no_memory() {
    let check = "(if (i32.ne (local.get 0) (i32.const 1)) (then unreachable))
                 (if (local.get 1) (then unreachable))";
    let wat = telling().doing("initialize", &format!("{check} {}", say("initialize")));
    let done = crate::support::Recorder::default();
    load(&wat).unwrap().create("", done.clone()).await.unwrap();
    assert_eq!(done.take(), told(&["initialize"]));
}

#[tokio::test]
async fn the_room_id_arrives_as_it_is() {
    let wat = echo().doing("initialize", TELL_ARGUMENTS);
    let done = crate::support::Recorder::default();
    let factory = load(&wat).unwrap();
    factory.create("größer 😀", done.clone()).await.unwrap();
    assert_eq!(done.take(), [r#"to everyone: "größer 😀""#]);
}

#[tokio::test]
async fn messages_and_clients_arrive_as_they_are() {
    let (mut service, done) = room(&echo()).await;
    for id in [1, 7, i32::MAX.cast_unsigned()] {
        let client = ClientId::from(id);
        service.message(client, "größer 😀").await.unwrap();
        service.binary(client, &[0, 255]).await.unwrap();
        service.message(client, "").await.unwrap();
        let expected = [
            format!(r#"to {id}: "größer 😀""#),
            format!("to {id}: [0, 255]"),
            format!(r#"to {id}: """#),
        ];
        assert_eq!(done.take(), expected);
    }
}

#[tokio::test]
async fn every_recipient_means_something() {
    for (wire, recipient) in [
        (0, "everyone".to_owned()),
        (5, "5".to_owned()),
        (-5, "everyone but 5".to_owned()),
        (i32::MAX, "2147483647".to_owned()),
        (i32::MIN, "everyone but 2147483648".to_owned()),
    ] {
        let send = format!("(call $send_message (i32.const {wire}) (i32.const 0) (i32.const 0))");
        let (mut service, done) = room(&echo().doing("timer", &send)).await;
        service.timer().await.unwrap();
        assert_eq!(done.take(), [format!(r#"to {recipient}: """#)]);
    }
}

#[tokio::test]
async fn timers_are_set_for_any_time() {
    for ms in [0, 1, u32::MAX] {
        let set = format!("(call $set_timer (i32.const {}))", ms.cast_signed());
        let (mut service, done) = room(&echo().doing("timer", &set)).await;
        service.timer().await.unwrap();
        assert_eq!(done.take(), [format!("timer {ms}")]);
    }
}

#[tokio::test]
async fn each_room_has_a_memory_of_its_own() {
    let counting = echo().doing(
        "timer",
        "(i32.store8 (i32.const 0) (i32.add (i32.load8_u (i32.const 0)) (i32.const 1)))
         (call $send_binary (i32.const 0) (i32.const 0) (i32.const 1))",
    );
    let factory = load(&counting).unwrap();
    let (mut one, one_done) = crate::support::room_of(&factory).await;
    let (mut two, two_done) = crate::support::room_of(&factory).await;
    one.timer().await.unwrap();
    one.timer().await.unwrap();
    two.timer().await.unwrap();
    assert_eq!(one_done.take(), ["to everyone: [1]", "to everyone: [2]"]);
    assert_eq!(two_done.take(), ["to everyone: [1]"]);
}

/// A guest that names these addresses as those of its versions, with 1 and 0 at address 0 and 4.
fn versioned(version: u32, protocol: u32) -> Wat {
    let global = |name: &str, address: u32| {
        let address = address.cast_signed();
        format!(r#"(global (export "{name}") i32 (i32.const {address}))"#)
    };
    telling()
        .plus(&global("JAMSOCKET_API_VERSION", version))
        .plus(&global("JAMSOCKET_API_PROTOCOL", protocol))
        .plus(r#"(data (i32.const 512) "\01\00\00\00\00\00\00\00\02\00\00\00\00\01\00\00")"#)
}

#[tokio::test]
async fn a_module_of_this_version_is_served() {
    let (_service, done) = room(&versioned(512, 516)).await;
    assert_eq!(done.take(), told(&["malloc", "initialize", "free"]));
}

#[tokio::test]
async fn a_module_of_another_version_is_refused_before_it_is_called() {
    for (version, protocol, reason) in [
        (
            520,
            516,
            "the module is made for another Jamsocket: \
             its JAMSOCKET_API_VERSION is 2, and has to be 1",
        ),
        (
            524,
            516,
            "the module is made for another Jamsocket: \
             its JAMSOCKET_API_VERSION is 256, and has to be 1",
        ),
        (
            512,
            512,
            "the module is made for another Jamsocket: \
             its JAMSOCKET_API_PROTOCOL is 1, and has to be 0",
        ),
    ] {
        let (failed, done) = failed_start(&versioned(version, protocol)).await;
        assert_eq!(failed, reason);
        assert_eq!(done.take(), [""; 0]);
    }
}

#[tokio::test]
async fn a_version_beyond_the_memory_is_refused_before_the_module_is_called() {
    for address in [65_533, 65_536, 0xFFFF_FFFC, u32::MAX] {
        let (failed, done) = failed_start(&versioned(512, address)).await;
        let reason = format!(
            "the module's JAMSOCKET_API_PROTOCOL is not in its memory: 4 bytes at \
             address {address:#x} reach beyond the guest's memory of 65536 bytes"
        );
        assert_eq!(failed, reason);
        assert_eq!(done.take(), [""; 0]);
    }
    // The last address that holds a number.
    room(&versioned(512, 65_532)).await;
}
