use jamsocket_server::{Limits, Server};
use jamsocket_tests::{Client, Probe, RawClient};
use std::time::Duration;

/// How many clients of each kind there are.
const MANY: usize = 100;

const HEAD: &[u8] = b"GET /status HTTP/1.1\r\nHost: localhost\r\n";

#[tokio::test]
async fn requests_that_do_not_come_are_cut_and_keep_nobody_out() {
    let (probe, _calls) = Probe::new();
    let limits = Limits { request_time: Duration::from_secs(2), ..Limits::default() };
    let server =
        Server::new().with_port(0).with_workers(1).with_limits(limits).start(probe).unwrap();
    let addr = server.addr();
    let mut slow = tokio::task::JoinSet::new();
    for _ in 0..MANY {
        slow.spawn(async move {
            let mut says_nothing = RawClient::connect(addr).await;
            assert_eq!(says_nothing.read_status().await, 408);
        });
        slow.spawn(async move {
            let mut stops_midway = RawClient::connect(addr).await;
            stops_midway.write(HEAD).await;
            assert_eq!(stops_midway.read_status().await, 408);
        });
        slow.spawn(async move {
            let mut drips = RawClient::connect(addr).await;
            let head = [HEAD, b"X-Slow: ", &[b'x'; 1_000]].concat();
            drips.drip(&head, Duration::from_millis(20)).await;
            assert_eq!(drips.read_status().await, 408);
        });
        slow.spawn(async move {
            let mut asks_twice = RawClient::connect(addr).await;
            asks_twice.write(HEAD).await;
            asks_twice.write(b"\r\n").await;
            assert_eq!(asks_twice.read_status().await, 200);
            // It may be too late for that already.
            asks_twice.drip(HEAD, Duration::ZERO).await;
            asks_twice.read_to_end().await;
        });
    }
    let mut good = Client::join(addr, "/ws/1").await;
    let mut echoes = 0;
    while !slow.is_empty() {
        good.say("echo hi").await;
        assert_eq!(good.hear().await, "hi");
        echoes += 1;
        while let Some(ended) = slow.try_join_next() {
            ended.unwrap();
        }
    }
    assert!(echoes > 0);
}

#[tokio::test]
async fn a_message_that_comes_slowly_is_a_sign_of_life() {
    let (probe, _calls) = Probe::new();
    let server = Server::new()
        .with_port(0)
        .with_heartbeat_interval(1)
        .with_heartbeat_timeout(2)
        .start(probe)
        .unwrap();
    let mut client = RawClient::join(server.addr(), "/ws/1").await;
    let text = format!("echo {}", "x".repeat(100));
    client.write(&[0x81, 0x80 | 105, 0, 0, 0, 0]).await;
    // Twice as long as it may be silent; in the middle of a frame it can answer no ping.
    client.drip(text.as_bytes(), Duration::from_millis(40)).await;
    loop {
        match client.read().await {
            (0x89, _) => {}
            answer => break assert_eq!(answer, (0x81, vec![b'x'; 100])),
        }
    }
}
