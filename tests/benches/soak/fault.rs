use jamsocket_tests::{Client, RawClient, frame, http};
use rand::{RngExt as _, rngs::StdRng};
use std::{net::SocketAddr, time::Duration};

/// What a client may do, from the ordinary to the worst, and with it what comes of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// None at all: it talks, and leaves.
    Talks,
    Vanishes,
    Resets,
    ResetsBeforeTheAnswer,
    ConnectsAndResets,
    AsksForPages,
    DripsItsHandshake,
    SaysNothing,
    IsCutOff,
    ReadsNothing,
    FloodsMessages,
    FloodsPings,
    AnnouncesTooMuch,
    SendsCrumbs,
    BreaksUtf8,
    BreaksTheProtocol,
    MakesItsRoomSpin,
    MakesARoomThatSpins,
    MakesItsRoomTrap,
    FillsItsRoomsMemory,
}

const ALL: [Fault; 20] = [
    Fault::Talks,
    Fault::Vanishes,
    Fault::Resets,
    Fault::ResetsBeforeTheAnswer,
    Fault::ConnectsAndResets,
    Fault::AsksForPages,
    Fault::DripsItsHandshake,
    Fault::SaysNothing,
    Fault::IsCutOff,
    Fault::ReadsNothing,
    Fault::FloodsMessages,
    Fault::FloodsPings,
    Fault::AnnouncesTooMuch,
    Fault::SendsCrumbs,
    Fault::BreaksUtf8,
    Fault::BreaksTheProtocol,
    Fault::MakesItsRoomSpin,
    Fault::MakesARoomThatSpins,
    Fault::MakesItsRoomTrap,
    Fault::FillsItsRoomsMemory,
];

impl Fault {
    pub(crate) fn random(rng: &mut StdRng) -> Self {
        ALL[rng.random_range(0..ALL.len())]
    }

    /// Commits it.
    ///
    /// # Panics
    ///
    /// The server does not do what is to be done about it.
    pub(crate) async fn commit(self, addr: SocketAddr, rng: &mut StdRng) {
        // Some rooms have several clients, and some one.
        let calm = format!("/ws/calm-{}", rng.random_range(0..8));
        let own = format!("/ws/own-{}", rng.random::<u64>());
        match self {
            Fault::Talks => talk(addr, &calm, rng).await,
            Fault::Vanishes => Client::join(addr, &calm).await.vanish(),
            Fault::Resets => RawClient::join(addr, &calm).await.reset(),
            Fault::ResetsBeforeTheAnswer => {
                let mut client = RawClient::connect(addr).await;
                client.request(&calm).await;
                client.reset();
            }
            Fault::ConnectsAndResets => RawClient::connect(addr).await.reset(),
            Fault::AsksForPages => {
                for (path, status) in [("/status", 200), ("/nothing", 404), ("/ws/%FF", 400)] {
                    assert_eq!(http(addr, &format!("GET {path}")).await.status, status, "{path}");
                }
            }
            Fault::DripsItsHandshake => {
                let mut client = RawClient::connect(addr).await;
                client.drip(b"GET /ws/", Duration::from_millis(rng.random_range(0..500))).await;
                assert_eq!(client.read_status().await, 408);
            }
            Fault::SaysNothing => {
                RawClient::join(addr, &calm).await.read_to_end().await;
            }
            Fault::IsCutOff => {
                let client = RawClient::join(addr, &calm).await;
                client.cut();
                tokio::time::sleep(Duration::from_millis(rng.random_range(0..6_000))).await;
            }
            Fault::ReadsNothing => read_nothing(addr, &own).await,
            Fault::FloodsMessages => flood(addr, &own, &frame(0x81, b"echo x"), rng).await,
            Fault::FloodsPings => flood(addr, &calm, &frame(0x89, &[b'p'; 125]), rng).await,
            Fault::AnnouncesTooMuch => {
                let length = [(1 << 20) + 1, 1 << 30, (1 << 63) - 1][rng.random_range(0..3)];
                let header = [&[0x82, 0xff], &u64::to_be_bytes(length)[..], &[0; 4]].concat();
                let mut client = closed(addr, &calm, &header, 1009).await;
                client.repeat(&[0; 64 << 10], 1_000).await;
            }
            Fault::SendsCrumbs => {
                let mut client = RawClient::join(addr, &calm).await;
                client.write(&frame(0x02, b"")).await;
                client.repeat(&frame(0x00, b"").repeat(1_000), 66).await;
                assert_eq!(client.read_close().await, 1008);
            }
            Fault::BreaksUtf8 => drop(closed(addr, &calm, &frame(0x81, b"\xff"), 1007).await),
            Fault::BreaksTheProtocol => drop(closed(addr, &calm, &frame(0x83, b""), 1002).await),
            Fault::MakesItsRoomSpin => fail(addr, &own, "spin").await,
            Fault::MakesItsRoomTrap => fail(addr, &own, "trap").await,
            Fault::FillsItsRoomsMemory => fail(addr, &own, "hoard").await,
            Fault::MakesARoomThatSpins => {
                let mut client = Client::join(addr, &own.replace("own", "spins")).await;
                assert_eq!(client.hear_close().await.0, 1011);
            }
        }
    }
}

async fn talk(addr: SocketAddr, path: &str, rng: &mut StdRng) {
    let mut client = Client::join(addr, path).await;
    for n in 0..rng.random_range(1..20) {
        let text = format!("{n}{}", "x".repeat(rng.random_range(0..10_000)));
        client.say(&format!("echo {text}")).await;
        assert!(client.hear().await == text, "a message was lost, or out of order");
    }
    client.leave().await;
}

/// Has a room send everything it can, until the client that reads nothing has left it.
async fn read_nothing(addr: SocketAddr, path: &str) {
    let mut reads = Client::join(addr, path).await;
    let _reads_nothing = RawClient::join(addr, path).await;
    for _ in 0..1_000 {
        reads.say("flood 16 65536").await;
        for _ in 0..16 {
            assert_eq!(reads.hear().await.len(), 65_536);
        }
        reads.say("clients").await;
        if reads.hear().await == "2 1" {
            return reads.leave().await;
        }
    }
    panic!("the client that reads nothing is still in");
}

/// Sends frames that are answered, and reads nothing.
async fn flood(addr: SocketAddr, path: &str, frame: &[u8], rng: &mut StdRng) {
    let mut client = RawClient::join(addr, path).await;
    client.repeat(&frame.repeat(500), rng.random_range(1..100)).await;
}

/// Sends what is to be answered by a Close.
async fn closed(addr: SocketAddr, path: &str, bytes: &[u8], code: u16) -> RawClient {
    let mut client = RawClient::join(addr, path).await;
    client.write(bytes).await;
    assert_eq!(client.read_close().await, code);
    client
}

/// Sends what makes the room fail.
async fn fail(addr: SocketAddr, path: &str, message: &str) {
    let mut client = Client::join(addr, path).await;
    client.say(message).await;
    assert_eq!(client.hear_close().await.0, 1011, "{message}");
}
