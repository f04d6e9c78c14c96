use jamsocket_server::{Limits, Server, ServerHandle};
use jamsocket_tests::{Call, Calls, Client, Probe, RawClient};
use std::time::Duration;

fn start(limits: Limits) -> (ServerHandle, Calls) {
    let (probe, calls) = Probe::new();
    (Server::new().with_port(0).with_limits(limits).start(probe).unwrap(), calls)
}

async fn refusal(server: &ServerHandle, path: &str) -> String {
    let refused = Client::try_join(server.addr(), path).await.unwrap_err();
    assert_eq!((refused.status, refused.retry_after.as_deref()), (503, Some("1")), "{refused:?}");
    refused.text
}

#[tokio::test]
async fn a_message_may_have_so_many_bytes() {
    let (server, _calls) = start(Limits { message_bytes: 100, ..Limits::default() });
    let mut client = Client::join(server.addr(), "/ws/1").await;
    let most = format!("echo {}", "x".repeat(95));
    client.say(&most).await;
    assert_eq!(client.hear().await.len(), 95);
    client.say(&format!("{most}x")).await;
    assert_eq!(client.hear_close().await, (1009, "a message is too big".into()));
}

#[tokio::test]
async fn a_message_may_come_in_so_many_fragments() {
    let (server, _calls) = start(Limits { message_fragments: 3, ..Limits::default() });
    let mut client = RawClient::join(server.addr(), "/ws/1").await;
    for (first, payload) in [(0x01, &b"echo "[..]), (0x00, b"a"), (0x80, b"b")] {
        client.send(first, payload).await;
    }
    assert_eq!(client.read().await, (0x81, b"ab".to_vec()));
    for first in [0x01, 0x00, 0x00, 0x80] {
        client.send(first, b"x").await;
    }
    assert_eq!(client.read_close().await, 1008);
}

#[tokio::test]
async fn a_room_may_have_so_many_clients() {
    let (server, _calls) = start(Limits { max_clients: 2, ..Limits::default() });
    let _ann = Client::join(server.addr(), "/ws/1").await;
    let bob = Client::join(server.addr(), "/ws/1").await;
    assert_eq!(refusal(&server, "/ws/1").await, "the room has as many clients as it may\n");
    let _elsewhere = Client::join(server.addr(), "/ws/2").await;
    bob.leave().await;
    let _bob = Client::join(server.addr(), "/ws/1").await;
}

#[tokio::test]
async fn there_may_be_so_many_rooms() {
    let (server, mut calls) = start(Limits { max_rooms: 2, ..Limits::default() });
    let mut ann = Client::join(server.addr(), "/ws/1").await;
    let _bob = Client::join(server.addr(), "/ws/2").await;
    assert_eq!(refusal(&server, "/ws/3").await, "there are as many rooms as there may be\n");
    let _more = Client::join(server.addr(), "/ws/2").await;
    ann.say("panic").await;
    ann.hear_close().await;
    while calls.next().await != Call::Gone("1".into()) {}
    let _carl = Client::join(server.addr(), "/ws/3").await;
}

#[tokio::test]
async fn there_may_be_so_many_websockets() {
    let (server, _calls) = start(Limits { max_connections: 2, ..Limits::default() });
    let _ann = Client::join(server.addr(), "/ws/1").await;
    let mut bob = Client::join(server.addr(), "/ws/2").await;
    assert_eq!(refusal(&server, "/ws/3").await, "there is no place for another WebSocket\n");
    bob.say("panic").await;
    bob.hear_close().await;
    // The place is free when the server has seen the end of the connection, soon after that.
    while Client::try_join(server.addr(), "/ws/3").await.is_err() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_callback_may_send_so_many_messages() {
    let (server, _calls) = start(Limits { callback_messages: 3, ..Limits::default() });
    let mut client = Client::join(server.addr(), "/ws/1").await;
    client.say("flood 3").await;
    for _ in 0..3 {
        client.hear().await;
    }
    client.say("flood 4").await;
    assert_eq!(client.hear_close().await.0, 1011);
}

#[tokio::test]
async fn a_client_may_send_so_often() {
    let limits = Limits { rate_messages: 1, rate_burst: 5, ..Limits::default() };
    let (server, mut calls) = start(limits);
    let mut client = RawClient::join(server.addr(), "/ws/1").await;
    for _ in 0..50 {
        client.send(0x81, b"hi").await;
    }
    assert_eq!(client.read_close().await, 1008);
    let mut heard = 0;
    loop {
        match calls.next().await {
            Call::Message(..) => heard += 1,
            Call::Disconnect(..) => break,
            _ => {}
        }
    }
    // A second or two may have passed.
    assert!((5..50).contains(&heard), "{heard} messages were let through");
}

#[tokio::test]
async fn an_address_may_make_so_many_rooms_a_second() {
    let (server, _calls) = start(Limits { rate_rooms: 1, ..Limits::default() });
    let _ann = Client::join(server.addr(), "/ws/1").await;
    // As many rooms as this cannot be made one a second, however busy the machine is.
    let mut refused = None;
    for room in 2..50 {
        if let Err(refusal) = Client::try_join(server.addr(), &format!("/ws/{room}")).await {
            refused = Some((room, refusal));
            break;
        }
    }
    let (room, refusal) = refused.expect("one of them is refused");
    assert_eq!((refusal.status, refusal.retry_after.as_deref()), (503, Some("1")));
    assert_eq!(refusal.text, "this address makes too many rooms a second\n");
    let _bob = Client::join(server.addr(), "/ws/1").await;
    // A second later there may be another.
    while Client::try_join(server.addr(), &format!("/ws/{room}")).await.is_err() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_client_waits_so_long_for_a_room_to_take_it() {
    let limits = Limits { join_time: Duration::from_secs(2), ..Limits::default() };
    let (server, mut calls) = start(limits);
    let mut ann = Client::join(server.addr(), "/ws/1").await;
    ann.say("wait").await;
    while !matches!(calls.next().await, Call::Message(..)) {}
    assert_eq!(refusal(&server, "/ws/1").await, "the room is too busy to be joined\n");
    calls.release();
    ann.say("echo hi").await;
    assert_eq!(ann.hear().await, "hi");
    let _bob = Client::join(server.addr(), "/ws/1").await;
}

#[tokio::test]
async fn a_request_has_so_much_time_to_come() {
    let (server, _calls) =
        start(Limits { request_time: Duration::from_secs(1), ..Limits::default() });
    let mut slow = RawClient::connect(server.addr()).await;
    slow.write(b"GET /ws/1 HTTP/1.1\r\nHost: local").await;
    assert_eq!(slow.read_status().await, 408);
    let mut good = Client::join(server.addr(), "/ws/1").await;
    good.say("echo hi").await;
    assert_eq!(good.hear().await, "hi");
}

#[tokio::test]
async fn a_peer_has_so_much_time_to_answer_a_close() {
    let (server, _calls) =
        start(Limits { close_time: Duration::from_millis(100), ..Limits::default() });
    let mut client = RawClient::join(server.addr(), "/ws/1").await;
    client.send(0x81, b"panic").await;
    assert_eq!(client.read_close().await, 1011);
    // It never answers; the server ends the connection all the same.
    assert_eq!(client.read_to_end().await, 0);
}
