use futures_util::future::join_all;
use jamsocket_tests::{Client, Jamsocket, RawClient, unruly};
use std::{path::Path, time::Duration};

/// How long the server stands still: twice as long as a client may be silent.
const STANDSTILL: Duration = Duration::from_secs(4);

/// How often the room beats in that time.
const MISSED_BEATS: usize = 40;

#[tokio::test]
async fn a_server_that_stood_still_hears_its_clients_before_it_misses_them() {
    let arguments = format!(
        "serve {} --port 0 --workers 2 --heartbeat-interval 1 --heartbeat-timeout 2",
        unruly().display()
    );
    let serving = Jamsocket::new(Path::new("/"), &arguments).serve();
    let mut silent = RawClient::join(serving.addr, "/ws/silent").await;
    let mut clients = Vec::new();
    for n in 0..40 {
        clients.push(Client::join(serving.addr, &format!("/ws/{}", n % 4)).await);
    }
    let mut beaten = Client::join(serving.addr, "/ws/beats").await;
    beaten.say("beat 100").await;
    for n in 1..=3 {
        assert_eq!(beaten.hear().await, format!("beat {n}"));
    }

    serving.signal("STOP");
    for client in clients.iter_mut().chain([&mut beaten]) {
        client.say("echo here").await;
    }
    tokio::time::sleep(STANDSTILL).await;
    serving.signal("CONT");
    for client in &mut clients {
        assert_eq!(client.hear().await, "here");
    }
    // The timer goes on, and makes up for nothing.
    let mut beats = 0;
    while beaten.hear().await != "here" {
        beats += 1;
    }
    assert!(beats < MISSED_BEATS / 2, "{beats} beats at once");

    // Heartbeats go on as well: they stay who answer, and one leaves who does not.
    join_all(clients.iter_mut().map(async |client| {
        client.hear_ping().await;
        client.hear_ping().await;
        client.say("echo still").await;
        assert_eq!(client.hear().await, "still");
    }))
    .await;
    while silent.read().await.0 == 0x89 {}
    assert_eq!(silent.read_to_end().await, 0);
}
