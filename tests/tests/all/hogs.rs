use jamsocket_server::{Server, ServerHandle};
use jamsocket_tests::{Client, RawClient, unruly};
use jamsocket_wasm_host::{GuestLimits, WasmEngine, WasmHostFactory};
use std::{cell::Cell, time::Duration};

/// How often a neighbour is answered before the guest that spins is stopped.
const ECHOES: u32 = 50;

/// A server of one worker, on which a guest may spin for some seconds of its own.
fn start() -> ServerHandle {
    let limits = GuestLimits {
        max_rooms: 4,
        run_time: Duration::from_secs(2),
        // On a busy machine, two seconds of running may take long.
        wall_time: Duration::from_secs(300),
        ..GuestLimits::default()
    };
    let engine = WasmEngine::with_limits(limits).unwrap();
    let factory = WasmHostFactory::new_in(&engine, unruly()).unwrap();
    Server::new().with_port(0).with_workers(1).start(factory).unwrap()
}

/// Has a neighbour echo while `spins` comes to its end, which is to be after the echoes.
async fn neighbour_is_served_before(mut neighbour: Client, spins: impl Future<Output = ()>) {
    let stopped = Cell::new(false);
    let spins = async {
        spins.await;
        stopped.set(true);
    };
    let echoes = async {
        for n in 0..ECHOES {
            neighbour.say(&format!("echo {n}")).await;
            assert_eq!(neighbour.hear().await, n.to_string());
            assert!(!stopped.get(), "the guest that spins was stopped before echo {n}");
        }
    };
    tokio::join!(spins, echoes);
}

#[tokio::test]
async fn others_are_served_while_a_guest_spins_in_a_message() {
    let server = start();
    let neighbour = Client::join(server.addr(), "/ws/quiet").await;
    let mut hog = Client::join(server.addr(), "/ws/hog").await;
    hog.say("spin").await;
    // The pong says that the room has its message by now.
    hog.ping(b"").await;
    let spins = async {
        assert_eq!(hog.hear_close().await, (1011, "the room has failed".into()));
    };
    neighbour_is_served_before(neighbour, spins).await;
}

#[tokio::test]
async fn others_are_served_while_a_guest_spins_at_its_start() {
    let server = start();
    let neighbour = Client::join(server.addr(), "/ws/quiet").await;
    let mut hog = RawClient::connect(server.addr()).await;
    hog.request("/ws/spins").await;
    let spins = async {
        assert_eq!(hog.read_status().await, 101);
        assert_eq!(hog.read_close().await, 1011);
    };
    neighbour_is_served_before(neighbour, spins).await;
}
