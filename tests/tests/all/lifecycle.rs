use jamsocket_server::{RoomIdStrategy, Server, ServerHandle, ServiceShutdownPolicy};
use jamsocket_tests::{Call, Calls, Client, Probe, RawClient, http};

fn start(policy: ServiceShutdownPolicy) -> (ServerHandle, Calls) {
    let (probe, calls) = Probe::new();
    (Server::new().with_port(0).with_shutdown_policy(policy).start(probe).unwrap(), calls)
}

fn new() -> Call {
    Call::New("1".into())
}

fn gone() -> Call {
    Call::Gone("1".into())
}

fn connect(client: u32) -> Call {
    Call::Connect("1".into(), client)
}

fn disconnect(client: u32) -> Call {
    Call::Disconnect("1".into(), client)
}

fn message(client: u32, text: &str) -> Call {
    Call::Message("1".into(), client, text.into())
}

#[tokio::test]
async fn ancestor_a1_a_room_id_works_again_after_its_room_has_ended() {
    let (server, mut calls) = start(ServiceShutdownPolicy::Immediate);
    for _ in 0..3 {
        let client = Client::join(server.addr(), "/ws/1").await;
        client.leave().await;
        calls.expect([new(), connect(1), disconnect(1), gone()]).await;
    }
}

#[tokio::test]
async fn ancestor_a3_a_socket_that_dies_without_a_close_leaves_its_room() {
    let (server, mut calls) = start(ServiceShutdownPolicy::Never);
    let ann = Client::join(server.addr(), "/ws/1").await;
    let bob = RawClient::join(server.addr(), "/ws/1").await;
    calls.expect([new(), connect(1), connect(2)]).await;
    ann.vanish();
    calls.expect([disconnect(1)]).await;
    bob.reset();
    calls.expect([disconnect(2)]).await;
}

#[tokio::test]
async fn a_client_that_is_gone_before_the_answer_is_gone_from_the_room() {
    let (server, mut calls) = start(ServiceShutdownPolicy::Never);
    for _ in 0..50 {
        let mut client = RawClient::connect(server.addr()).await;
        client.request("/ws/1").await;
        client.reset();
    }
    let mut last = Client::join(server.addr(), "/ws/1").await;
    last.say("echo here").await;
    assert_eq!(last.hear().await, "here");
    // Some of the fifty may have been reset before their request was read.
    let (mut connects, mut disconnects) = (0, 0);
    while connects == 0 || disconnects < connects - 1 {
        match calls.next().await {
            Call::Connect(..) => connects += 1,
            Call::Disconnect(..) => disconnects += 1,
            _ => {}
        }
    }
    assert_eq!(disconnects, connects - 1);
}

#[tokio::test]
async fn ancestor_a10_an_immediate_room_hears_of_its_last_client_before_it_ends() {
    let (server, mut calls) = start(ServiceShutdownPolicy::Immediate);
    let ann = Client::join(server.addr(), "/ws/1").await;
    let bob = Client::join(server.addr(), "/ws/1").await;
    ann.leave().await;
    bob.vanish();
    calls.expect([new(), connect(1), connect(2), disconnect(1), disconnect(2), gone()]).await;
}

#[tokio::test]
async fn a_room_stays_for_its_seconds_and_a_join_keeps_it() {
    let (server, mut calls) = start(ServiceShutdownPolicy::AfterSeconds(3));
    let ann = Client::join(server.addr(), "/ws/1").await;
    ann.leave().await;
    let bob = Client::join(server.addr(), "/ws/1").await;
    calls.expect([new(), connect(1), disconnect(1), connect(2)]).await;
    bob.leave().await;
    calls.expect([disconnect(2), gone()]).await;
}

#[tokio::test]
async fn a_join_that_meets_a_room_at_its_end_gets_a_fresh_one() {
    let (server, mut calls) = start(ServiceShutdownPolicy::Immediate);
    let mut ann = Client::join(server.addr(), "/ws/1").await;
    ann.say("wait").await;
    calls.expect([new(), connect(1), message(1, "wait")]).await;
    // She leaves while the room is busy, so that her leave waits before the join of the next.
    ann.vanish();
    let (release, join) = tokio::join!(
        async {
            // The room answers nobody until it is released.
            calls.release();
            calls
        },
        Client::join(server.addr(), "/ws/1")
    );
    let (mut calls, mut bob) = (release, join);
    bob.say("echo hi").await;
    assert_eq!(bob.hear().await, "hi");
    let mut seen = Vec::new();
    while !seen.ends_with(&[message(1, "echo hi")]) && !seen.ends_with(&[message(2, "echo hi")]) {
        seen.push(calls.next().await);
    }
    // Whichever came first, she has left once, and he is in a room that lives.
    assert_eq!(seen.iter().filter(|call| **call == disconnect(1)).count(), 1, "{seen:?}");
}

#[tokio::test]
async fn a_room_that_may_be_empty_for_no_time_at_all_can_be_joined() {
    let (server, mut calls) = start(ServiceShutdownPolicy::AfterSeconds(0));
    for _ in 0..2 {
        let mut ann = Client::join(server.addr(), "/ws/1").await;
        ann.say("echo hi").await;
        assert_eq!(ann.hear().await, "hi");
        ann.leave().await;
        let heard = message(1, "echo hi");
        calls.expect([new(), connect(1), heard, disconnect(1), gone()]).await;
    }
}

#[tokio::test]
async fn a_room_whose_first_client_goes_away_while_it_starts_does_not_stay() {
    let (server, mut calls) = start(ServiceShutdownPolicy::Immediate);
    let id = || "slow to start".to_owned();
    let mut client = RawClient::connect(server.addr()).await;
    client.request("/ws/slow%20to%20start").await;
    calls.expect([Call::New(id())]).await;
    client.reset();
    // The server has seen the reset when it answers what came after it, on each of its workers.
    for _ in 0..20 {
        http(server.addr(), "GET /status").await;
    }
    calls.release();
    // Whether or not the client was in by then, the room ends.
    loop {
        match calls.next().await {
            Call::Gone(gone) if gone == id() => break,
            Call::Connect(..) | Call::Disconnect(..) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_flood_of_messages_does_not_stop_the_timer() {
    let (server, mut calls) = start(ServiceShutdownPolicy::Never);
    let mut ann = RawClient::join(server.addr(), "/ws/1").await;
    ann.send(0x81, b"timer 1").await;
    let mut flood = Vec::new();
    for _ in 0..1_000 {
        flood.extend([0x81, 0x80 | 4, 0, 0, 0, 0]);
        flood.extend(b"busy");
    }
    // More comes all the time; that the timer fires ends it.
    let mut timer = false;
    while !timer {
        ann.write(&flood).await;
        for _ in 0..1_000 {
            timer |= calls.next().await == Call::Timer("1".into());
        }
    }
}

#[tokio::test]
async fn two_first_joins_at_once_make_one_room() {
    let (server, mut calls) = start(ServiceShutdownPolicy::Never);
    let path = "/ws/slow%20to%20start";
    let id = || "slow to start".to_owned();
    let (ann, bob, mut calls) =
        tokio::join!(Client::join(server.addr(), path), Client::join(server.addr(), path), async {
            calls.expect([Call::New(id())]).await;
            calls.release();
            calls
        });
    calls.expect([Call::Connect(id(), 1), Call::Connect(id(), 2)]).await;
    ann.leave().await;
    bob.leave().await;
}

#[tokio::test]
async fn a_room_that_panics_ends_alone_and_its_next_client_gets_a_fresh_one() {
    let (server, mut calls) = start(ServiceShutdownPolicy::Never);
    let mut bystander = Client::join(server.addr(), "/ws/2").await;
    let mut ann = Client::join(server.addr(), "/ws/1").await;
    let mut bob = Client::join(server.addr(), "/ws/1").await;
    ann.say("panic").await;
    for client in [&mut ann, &mut bob] {
        assert_eq!(client.hear_close().await, (1011, "the room has failed".into()));
    }
    while calls.next().await != gone() {}
    let mut fresh = Client::join(server.addr(), "/ws/1").await;
    calls.expect([new(), connect(1)]).await;
    for client in [&mut fresh, &mut bystander] {
        client.say("echo hi").await;
        assert_eq!(client.hear().await, "hi");
    }
}

#[tokio::test]
async fn a_room_that_cannot_be_started_says_so_in_a_close() {
    let (server, _calls) = start(ServiceShutdownPolicy::Never);
    for _ in 0..2 {
        let mut client = Client::join(server.addr(), "/ws/broken").await;
        assert_eq!(client.hear_close().await, (1011, "the room could not be started".into()));
        let mut client = Client::join(server.addr(), "/ws/declined").await;
        let reason = "the service declined to open this room";
        assert_eq!(client.hear_close().await, (1011, reason.into()));
    }
}

#[tokio::test]
async fn no_capacity_for_a_room_is_a_503() {
    let (server, _calls) = start(ServiceShutdownPolicy::Never);
    let refused = Client::try_join(server.addr(), "/ws/full").await.unwrap_err();
    assert_eq!((refused.status, refused.text.as_str()), (503, "the probe is full\n"));
    assert_eq!(refused.retry_after.as_deref(), Some("1"));
}

#[tokio::test]
async fn a_created_room_comes_back_after_its_end() {
    let (probe, mut calls) = Probe::new();
    let server = Server::new()
        .with_port(0)
        .with_room_id_strategy(RoomIdStrategy::Explicit)
        .with_shutdown_policy(ServiceShutdownPolicy::Immediate)
        .start(probe)
        .unwrap();
    assert_eq!(http(server.addr(), "POST /ws/1").await.status, 200);
    for _ in 0..2 {
        Client::join(server.addr(), "/ws/1").await.leave().await;
        calls.expect([new(), connect(1), disconnect(1), gone()]).await;
    }
}

#[tokio::test]
async fn a_timer_fires_in_an_empty_room() {
    let (server, mut calls) = start(ServiceShutdownPolicy::Never);
    let mut ann = Client::join(server.addr(), "/ws/1").await;
    ann.say("timer 2000").await;
    ann.leave().await;
    calls.expect([new(), connect(1), message(1, "timer 2000"), disconnect(1)]).await;
    calls.expect([Call::Timer("1".into())]).await;
}
