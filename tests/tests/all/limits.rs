use jamsocket::{BuildError, JamsocketServiceFactory};
use jamsocket_server::{
    Limits, NamedService, Server, ServerHandle, ServiceActorContext, ServiceShutdownPolicy,
};
use jamsocket_tests::{Call, Calls, Client, Probe, ProbeRoom, RawClient, http, soon};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

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
async fn a_callback_may_send_so_many_bytes() {
    let (server, _calls) = start(Limits { callback_bytes: 100, ..Limits::default() });
    let mut client = Client::join(server.addr(), "/ws/1").await;
    let most = "x".repeat(100);
    client.say(&format!("echo {most}")).await;
    assert_eq!(client.hear().await, most);
    client.say(&format!("echo {most}x")).await;
    assert_eq!(client.hear_close().await, (1011, "the room has failed".into()));
}

#[tokio::test]
async fn a_burst_of_messages_is_let_through() {
    let limits = Limits { rate_messages: 1, rate_burst: 5, ..Limits::default() };
    let (server, _calls) = start(limits);
    let mut client = RawClient::join(server.addr(), "/ws/1").await;
    for _ in 0..4 {
        client.send(0x81, b"hi").await;
    }
    client.send(0x81, b"echo the fifth").await;
    assert_eq!(client.read().await, (0x81, b"the fifth".to_vec()));
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
async fn a_room_that_keeps_failing_to_start_is_left_alone_for_so_long() {
    let (server, starts) = start_counting(Duration::from_secs(3_600));
    let mut joins = 0;
    // Were five joins to take ten seconds, there would have to be more of them.
    while starts.load(Ordering::Relaxed) == joins {
        assert!(joins < 1_000, "each join is a start");
        join_in_vain(&server).await;
        joins += 1;
    }
    assert!(joins > 5, "the join {joins} was no start any more");
    for _ in 0..20 {
        join_in_vain(&server).await;
    }
    assert_eq!(starts.load(Ordering::Relaxed), joins - 1);
    Client::join(server.addr(), "/ws/1").await.leave().await;
}

#[tokio::test]
async fn a_room_that_was_left_alone_is_tried_again() {
    let (server, starts) = start_counting(Duration::from_millis(100));
    soon("a start after one that was left out", async {
        let (mut joins, mut left_out) = (0, 0);
        loop {
            let before = starts.load(Ordering::Relaxed);
            join_in_vain(&server).await;
            joins += 1;
            if starts.load(Ordering::Relaxed) == before {
                left_out += 1;
            } else if left_out > 0 {
                break;
            }
        }
        assert!(joins - left_out > 5, "{left_out} of {joins} joins were no start");
    })
    .await;
}

#[tokio::test]
async fn a_room_that_lacks_capacity_is_tried_at_each_join() {
    let (server, starts) = start_counting(Duration::from_secs(3_600));
    for _ in 0..20 {
        assert_eq!(refusal(&server, "/ws/full").await, "the probe is full\n");
    }
    assert_eq!(starts.load(Ordering::Relaxed), 20);
}

#[tokio::test]
async fn a_start_that_succeeds_makes_up_for_those_that_failed() {
    let starts = Arc::new(AtomicUsize::new(0));
    let (probe, mut calls) = Probe::new();
    let server = Server::new()
        .with_port(0)
        .with_shutdown_policy(ServiceShutdownPolicy::Immediate)
        .start(EveryFifth(probe, starts.clone()))
        .unwrap();
    for _ in 0..3 {
        for _ in 0..4 {
            join_in_vain(&server).await;
        }
        Client::join(server.addr(), "/ws/declined").await.leave().await;
        while !matches!(calls.next().await, Call::Gone(_)) {}
    }
    assert_eq!(starts.load(Ordering::Relaxed), 15);
}

/// A probe's factory that declines to start a room four times out of five.
struct EveryFifth(Probe, Arc<AtomicUsize>);

impl JamsocketServiceFactory<ServiceActorContext> for EveryFifth {
    type Service = ProbeRoom;

    async fn create(&self, _: &str, context: ServiceActorContext) -> Result<ProbeRoom, BuildError> {
        match self.1.fetch_add(1, Ordering::Relaxed) % 5 {
            4 => self.0.create("1", context).await,
            _ => Err(BuildError::Declined),
        }
    }
}

async fn join_in_vain(server: &ServerHandle) {
    let mut client = Client::join(server.addr(), "/ws/declined").await;
    let reason = "the service declined to open this room";
    assert_eq!(client.hear_close().await, (1011, reason.into()));
}

/// A probe's factory that counts how often it is asked to start a room.
struct Counting(Probe, Arc<AtomicUsize>);

impl JamsocketServiceFactory<ServiceActorContext> for Counting {
    type Service = ProbeRoom;

    async fn create(
        &self,
        id: &str,
        context: ServiceActorContext,
    ) -> Result<ProbeRoom, BuildError> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.create(id, context).await
    }
}

fn start_counting(backoff_time: Duration) -> (ServerHandle, Arc<AtomicUsize>) {
    let starts = Arc::new(AtomicUsize::new(0));
    let limits = Limits { backoff_time, ..Limits::default() };
    let factory = Counting(Probe::new().0, starts.clone());
    (Server::new().with_port(0).with_limits(limits).start(factory).unwrap(), starts)
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

#[tokio::test]
async fn a_peer_that_answers_a_close_in_its_time_is_waited_for() {
    let (server, _calls) =
        start(Limits { close_time: Duration::from_secs(3_600), ..Limits::default() });
    let mut client = RawClient::join(server.addr(), "/ws/1").await;
    client.send(0x81, b"panic").await;
    assert_eq!(client.read_close().await, 1011);
    // Five times as long as was too long above.
    let end = tokio::time::timeout(Duration::from_millis(500), client.read_to_end()).await;
    assert!(end.is_err(), "the server does not wait for an answer");
    client.send(0x88, &1011_u16.to_be_bytes()).await;
    assert_eq!(client.read_to_end().await, 0);
}

#[tokio::test]
async fn a_peer_that_takes_nothing_for_so_long_is_reset() {
    let (server, mut calls) = start(Limits {
        write_time: Duration::from_secs(1),
        // So that it is not closed as one who is too slow.
        outbox_bytes: 1 << 30,
        outbox_messages: 100_000,
        ..Limits::default()
    });
    let _stalled = RawClient::join(server.addr(), "/ws/1").await;
    let mut quick = Client::join(server.addr(), "/ws/1").await;
    while calls.next().await != Call::Connect("1".into(), 2) {}
    // More than sockets and their buffers take.
    for _ in 0..16 {
        quick.say("flood 32").await;
        for _ in 0..32 {
            assert_eq!(quick.hear().await.len(), 64 << 10);
        }
        assert!(matches!(calls.next().await, Call::Message(..)));
    }
    assert_eq!(calls.next().await, Call::Disconnect("1".into(), 1));
    quick.say("echo still here").await;
    assert_eq!(quick.hear().await, "still here");
}

#[tokio::test]
async fn a_client_that_is_too_slow_learns_so_when_it_reads_again() {
    let (server, mut calls) = start(Limits { outbox_messages: 8, ..Limits::default() });
    let mut slow = RawClient::join(server.addr(), "/ws/1").await;
    let mut quick = Client::join(server.addr(), "/ws/1").await;
    while calls.next().await != Call::Connect("1".into(), 2) {}
    let mut sent = 0;
    loop {
        quick.say("flood 4").await;
        for _ in 0..4 {
            assert_eq!(quick.hear().await.len(), 64 << 10);
        }
        sent += 4;
        if !matches!(calls.next().await, Call::Message(..)) {
            break;
        }
        assert!(sent < 10_000, "it is still in");
    }
    let mut received = 0;
    let close = loop {
        match slow.read().await {
            (0x82 | 0x81, payload) => received += usize::from(payload.len() == 64 << 10),
            (first, payload) => break (first, payload),
        }
    };
    assert_eq!(close, (0x88, b"\x03\xf0too slow".to_vec()));
    assert!(received < sent, "it received all {sent}");
}

#[tokio::test]
async fn a_stop_waits_so_long_for_a_room_that_does_not_end() {
    let stop_time = Duration::from_millis(300);
    let (server, mut calls) = start(Limits { stop_time, ..Limits::default() });
    let mut client = Client::join(server.addr(), "/ws/1").await;
    client.say("wait").await;
    while !matches!(calls.next().await, Call::Message(..)) {}
    let begun = Instant::now();
    server.stop();
    soon("the server's end", server.stopped()).await;
    let waited = begun.elapsed();
    assert!((stop_time..Limits::default().stop_time).contains(&waited), "it took {waited:?}");
}

#[tokio::test]
async fn a_stop_ends_as_soon_as_the_last_room_has_ended() {
    let stop_time = Duration::from_secs(3_600);
    let (server, mut calls) = start(Limits { stop_time, ..Limits::default() });
    let mut client = Client::join(server.addr(), "/ws/1").await;
    client.say("wait").await;
    while !matches!(calls.next().await, Call::Message(..)) {}
    server.stop();
    // Without the room, the server's own end takes two seconds at most.
    let end = tokio::time::timeout(Duration::from_secs(3), server.stopped()).await;
    assert!(end.is_err(), "the server does not wait for the room");
    calls.release();
    assert_eq!(client.hear_close().await.0, 1001);
    calls.expect([Call::Disconnect("1".into(), 1), Call::Gone("1".into())]).await;
    soon("the server's end", server.stopped()).await;
}

#[tokio::test]
async fn services_have_limits_of_their_own() {
    let whole = Limits { message_bytes: 100, max_rooms: 2, ..Limits::default() };
    // What concerns the server as a whole is not taken from a service's.
    let own = Limits { message_bytes: 10, max_rooms: 1, max_connections: 1, ..whole.clone() };
    let small = NamedService::new("small", Probe::new().0).with_limits(own);
    let large = NamedService::new("large", Probe::new().0);
    let server = Server::new()
        .with_port(0)
        .with_limits(whole)
        .with_service(small)
        .with_service(large)
        .start_services()
        .unwrap();
    for (service, rooms, bytes) in [("small", 1, 10), ("large", 2, 100)] {
        let mut clients = Vec::new();
        for room in 0..rooms {
            clients.push(Client::join(server.addr(), &format!("/{service}/ws/{room}")).await);
        }
        let one_more = refusal(&server, &format!("/{service}/ws/one-more")).await;
        assert_eq!(one_more, "there are as many rooms as there may be\n");
        let most = format!("echo {}", "x".repeat(bytes - 5));
        clients[0].say(&most).await;
        assert_eq!(clients[0].hear().await.len(), bytes - 5);
        clients[0].say(&format!("{most}x")).await;
        assert_eq!(clients[0].hear_close().await, (1009, "a message is too big".into()));
    }
}

#[tokio::test]
async fn a_request_has_a_head_of_so_many_fields() {
    let (server, _calls) = start(Limits::default());
    let fields = |n: usize| "x: y\r\n".repeat(n - 1);
    for (n, status) in [(96, 200), (97, 431)] {
        let mut client = RawClient::connect(server.addr()).await;
        let head = format!("GET /status HTTP/1.1\r\nHost: localhost\r\n{}\r\n", fields(n));
        client.write(head.as_bytes()).await;
        assert_eq!(client.read_status().await, status, "{n}");
    }
}

#[tokio::test]
async fn a_request_has_a_head_of_so_many_bytes() {
    let (server, _calls) = start(Limits::default());
    let head = |bytes: usize| {
        let rest = "GET /status HTTP/1.1\r\nHost: localhost\r\nx: \r\n\r\n".len();
        let filler = "y".repeat(bytes - rest);
        format!("GET /status HTTP/1.1\r\nHost: localhost\r\nx: {filler}\r\n\r\n")
    };
    let bound = 128 << 10;
    let mut client = RawClient::connect(server.addr()).await;
    client.write(head(bound).as_bytes()).await;
    assert_eq!(client.read_status().await, 200);
    // It does not come to its end, so that it is the bytes that count.
    let mut client = RawClient::connect(server.addr()).await;
    client.write(&head(bound + 100).as_bytes()[..bound]).await;
    assert_eq!(client.read_status().await, 431);
    assert_eq!(http(server.addr(), "GET /status").await.status, 200);
}
