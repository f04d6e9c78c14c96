use jamsocket_server::{Server, ServiceShutdownPolicy};
use jamsocket_tests::{Call, Client, Probe, RawClient};

fn id() -> String {
    "1".to_owned()
}

#[tokio::test]
async fn ancestor_a12_clients_are_pinged() {
    let (probe, _calls) = Probe::new();
    let server = Server::new().with_port(0).with_heartbeat_interval(1).start(probe).unwrap();
    let mut client = Client::join(server.addr(), "/ws/1").await;
    client.hear_ping().await;
    client.hear_ping().await;
}

#[tokio::test]
async fn ancestor_a12_a_client_that_gives_no_sign_of_life_has_left() {
    let (probe, mut calls) = Probe::new();
    let server = Server::new()
        .with_port(0)
        .with_heartbeat_interval(1)
        .with_heartbeat_timeout(4)
        .start(probe)
        .unwrap();
    // One answers its pings, the other keeps its socket open and says nothing.
    let mut alive = Client::join(server.addr(), "/ws/1").await;
    calls.expect([Call::New(id()), Call::Connect(id(), 1)]).await;
    let mut silent = RawClient::join(server.addr(), "/ws/1").await;
    calls.expect([Call::Connect(id(), 2)]).await;
    let pings = async {
        for _ in 0..6 {
            alive.hear_ping().await;
        }
        alive.say("echo here").await;
        assert_eq!(alive.hear().await, "here");
    };
    let departure = async { calls.expect([Call::Disconnect(id(), 2)]).await };
    tokio::join!(pings, departure);
    // What it is told, if it reads: pings, and then why it is closed.
    while silent.read().await.0 == 0x89 {}
    assert_eq!(silent.read_to_end().await, 0);
}

#[tokio::test]
async fn clients_that_stand_still_or_are_cut_off_have_left_once() {
    let (probe, mut calls) = Probe::new();
    let server = Server::new()
        .with_port(0)
        .with_heartbeat_interval(1)
        .with_heartbeat_timeout(3)
        .with_shutdown_policy(ServiceShutdownPolicy::Immediate)
        .start(probe)
        .unwrap();
    let mut stands_still = Client::join(server.addr(), "/ws/1").await;
    // Its system goes on acknowledging what comes, as that of a process that is stopped.
    stands_still.hear_ping().await;
    let _says_nothing = RawClient::join(server.addr(), "/ws/1").await;
    let cut_off = RawClient::join(server.addr(), "/ws/1").await;
    cut_off.cut();
    calls.expect([Call::New(id())]).await;
    calls.expect((1..=3).map(|client| Call::Connect(id(), client))).await;
    let mut left = Vec::new();
    loop {
        match calls.next().await {
            Call::Disconnect(_, client) => left.push(client),
            end => break assert_eq!(end, Call::Gone(id())),
        }
    }
    left.sort_unstable();
    assert_eq!(left, [1, 2, 3]);
}

#[tokio::test]
async fn ancestor_a5_a_client_that_reads_nothing_has_left_and_nobody_waits_for_it() {
    let (probe, mut calls) = Probe::new();
    let server = Server::new().with_port(0).start(probe).unwrap();
    let _slow = RawClient::join(server.addr(), "/ws/1").await;
    let mut quick = Client::join(server.addr(), "/ws/1").await;
    calls.expect([Call::New(id()), Call::Connect(id(), 1), Call::Connect(id(), 2)]).await;
    // Sockets and their buffers take some mebibytes; an outbox takes four; this is a gibibyte at most.
    for _ in 0..1_000 {
        quick.say("flood 16").await;
        for _ in 0..16 {
            assert_eq!(quick.hear().await.len(), 64 << 10);
        }
        match calls.next().await {
            Call::Message(..) => {}
            left => return assert_eq!(left, Call::Disconnect(id(), 1)),
        }
    }
    panic!("the client that reads nothing is still in");
}

#[tokio::test]
async fn ancestor_a11_a_client_that_vanishes_while_it_is_sent_to_harms_nobody() {
    let (probe, mut calls) = Probe::new();
    let server = Server::new().with_port(0).start(probe).unwrap();
    let mut stays = Client::join(server.addr(), "/ws/1").await;
    calls.expect([Call::New(id()), Call::Connect(id(), 1)]).await;
    for client in 2..12 {
        let vanishes = RawClient::join(server.addr(), "/ws/1").await;
        calls.expect([Call::Connect(id(), client)]).await;
        stays.say("flood 4").await;
        vanishes.reset();
        for _ in 0..4 {
            assert_eq!(stays.hear().await.len(), 64 << 10);
        }
        let message = Call::Message(id(), 1, "flood 4".into());
        let (a, b) = (calls.next().await, calls.next().await);
        let left = Call::Disconnect(id(), client);
        assert!([(&message, &left), (&left, &message)].contains(&(&a, &b)), "{a:?}, {b:?}");
    }
}
