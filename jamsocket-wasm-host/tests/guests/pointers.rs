use crate::support::{Wat, echo, room};
use jamsocket::{ClientId, JamsocketService, ServiceError};

/// The size of the guest's memory: one page.
const SIZE: u32 = 64 << 10;

/// A guest whose `connect` sends these bytes to everyone.
fn sending(import: &str, pointer: u32, len: u32) -> Wat {
    let (pointer, len) = (pointer.cast_signed(), len.cast_signed());
    echo().doing(
        "connect",
        &format!("(call ${import} (i32.const 0) (i32.const {pointer}) (i32.const {len}))"),
    )
}

#[tokio::test]
async fn messages_from_inside_the_memory_are_sent() {
    for (pointer, len) in [(0, 0), (SIZE, 0), (SIZE - 1, 1), (0, 3)] {
        let zeros = vec![0; len as usize];
        let text = String::from_utf8(zeros.clone()).unwrap();
        for (import, sent) in [
            ("send_message", format!("to everyone: {text:?}")),
            ("send_binary", format!("to everyone: {zeros:?}")),
        ] {
            let (mut service, done) = room(&sending(import, pointer, len)).await;
            service.connect(ClientId::from(1)).await.unwrap();
            assert_eq!(done.take(), [sent]);
        }
    }
}

#[tokio::test]
async fn messages_from_beyond_the_memory_trap_the_guest() {
    for (pointer, len) in [
        (SIZE - 1, 2),
        (SIZE, 1),
        (SIZE + 1, 0),
        (u32::MAX, 1),
        (1, u32::MAX),
        (u32::MAX, u32::MAX),
    ] {
        for import in ["send_message", "send_binary"] {
            let (mut service, done) = room(&sending(import, pointer, len)).await;
            let error = service.connect(ClientId::from(1)).await.unwrap_err();
            let ServiceError::Trapped(text) = error else { panic!("{error}") };
            let expected = format!(
                "{import}: {len} bytes at address {pointer:#x} \
                 reach beyond the guest's memory of {SIZE} bytes"
            );
            assert_eq!(text.lines().next(), Some(expected.as_str()));
            assert_eq!(done.take(), [""; 0]);
        }
    }
}

#[tokio::test]
async fn text_that_is_not_utf8_traps_the_guest_and_is_not_sent() {
    for (bytes, len) in
        [(r"\FF", 1), (r"\C0\80", 2), (r"\ED\A0\80", 3), (r"\F4\90\80\80", 4), (r"\F0\9F\98", 3)]
    {
        let wat =
            sending("send_message", 8, len).plus(&format!(r#"(data (i32.const 8) "{bytes}")"#));
        let (mut service, done) = room(&wat).await;
        let error = service.connect(ClientId::from(1)).await.unwrap_err();
        let text = error.to_string();
        let expected = format!(
            "the service trapped: send_message: \
             the {len} bytes of text at address 0x8 are not UTF-8 after the first 0"
        );
        assert_eq!(text.lines().next(), Some(expected.as_str()));
        assert_eq!(done.take(), [""; 0]);
    }
}

#[tokio::test]
async fn a_binary_message_may_be_any_bytes() {
    let wat = sending("send_binary", 8, 2).plus(r#"(data (i32.const 8) "\FF\C0")"#);
    let (mut service, done) = room(&wat).await;
    service.connect(ClientId::from(1)).await.unwrap();
    assert_eq!(done.take(), ["to everyone: [255, 192]"]);
}

#[tokio::test]
async fn memory_that_jam_malloc_makes_up_ends_the_room() {
    for (pointer, reason) in [
        (0, "jam_malloc had no memory for 2 bytes: it returned 0"),
        (
            SIZE - 1,
            "jam_malloc returned memory that is not there: \
             2 bytes at address 0xffff reach beyond the guest's memory of 65536 bytes",
        ),
        (
            SIZE,
            "jam_malloc returned memory that is not there: \
             2 bytes at address 0x10000 reach beyond the guest's memory of 65536 bytes",
        ),
        (
            u32::MAX,
            "jam_malloc returned memory that is not there: \
             2 bytes at address 0xffffffff reach beyond the guest's memory of 65536 bytes",
        ),
    ] {
        // The room's id has to find a place before.
        let body = format!(
            "(if (result i32) (i32.eq (local.get 0) (i32.const 2))
               (then (i32.const {})) (else (i32.const 4096)))",
            pointer.cast_signed()
        );
        let (mut service, done) = room(&echo().doing("jam_malloc", &body)).await;
        let failed = service.message(ClientId::from(1), "hi").await;
        assert_eq!(failed, Err(ServiceError::Trapped(reason.to_owned())));
        assert_eq!(done.take(), [""; 0]);
    }
}

#[tokio::test]
async fn memory_from_jam_malloc_may_end_where_the_guests_memory_ends() {
    let wat = echo().doing("jam_malloc", "(i32.sub (i32.const 65536) (local.get 0))");
    let (mut service, done) = room(&wat).await;
    service.message(ClientId::from(1), "hi").await.unwrap();
    assert_eq!(done.take(), [r#"to 1: "hi""#]);
}

#[tokio::test]
async fn a_memory_that_grows_inside_jam_malloc_is_followed() {
    let wat = echo().doing("jam_malloc", "(i32.mul (memory.grow (i32.const 1)) (i32.const 65536))");
    let (mut service, done) = room(&wat).await;
    for _ in 0..3 {
        service.binary(ClientId::from(1), &[1, 2]).await.unwrap();
    }
    assert_eq!(done.take(), ["to 1: [1, 2]"; 3]);
}
