//! Each a real process that is told to stop by a signal.

use futures_util::future::join_all;
use jamsocket_tests::{Client, Jamsocket, RawClient, Serving, unruly};
use std::path::Path;

/// A server on which a guest may spin for longer than anybody waits.
fn serve(flags: &str) -> Serving {
    let arguments = format!(
        "serve {} --port 0 --workers 2 --run-time 10min --wall-time 10min {flags}",
        unruly().display()
    );
    Jamsocket::new(Path::new("/"), &arguments).serve()
}

/// Has a room spin, with its client in it.
async fn spinning(serving: &Serving) -> Client {
    let mut client = Client::join(serving.addr, "/ws/spinning").await;
    client.say("spin").await;
    // The pong says that the room has its message by now.
    client.ping(b"").await;
    client
}

#[tokio::test]
async fn a_signal_closes_everyone_beside_rooms_that_spin_and_clients_that_read_nothing() {
    let serving = serve("--stop-time 2s");
    let _spinning = spinning(&serving).await;
    let mut clients = Vec::new();
    for n in 0..300 {
        clients.push(Client::join(serving.addr, &format!("/ws/{}", n % 30)).await);
    }
    let mut stalled = Vec::new();
    for n in 0..10 {
        stalled.push(RawClient::join(serving.addr, &format!("/ws/{n}")).await);
    }
    for client in clients.iter_mut().take(10) {
        client.say("flood 200 16384").await;
    }
    serving.signal("TERM");
    let closed = clients.iter_mut().map(async |client| {
        loop {
            match client.hear_text_or_close().await {
                Ok(_) => {}
                Err(code) => break code,
            }
        }
    });
    assert_eq!(join_all(closed).await, [1001; 300]);
    serving.line_with("did not end within 2s");
    assert_eq!(serving.code().await, 0);
}

#[tokio::test]
async fn a_second_signal_waits_for_nobody() {
    let serving = serve("--stop-time 10min");
    let _spinning = spinning(&serving).await;
    let mut ann = Client::join(serving.addr, "/ws/1").await;
    serving.signal("TERM");
    assert_eq!(ann.hear_close().await.0, 1001);
    serving.signal("TERM");
    assert_eq!(serving.code().await, 0);
}
