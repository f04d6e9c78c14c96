//! What a room feels of neighbours on its worker thread that do their worst: `make bench-hog`.
//!
//! A client echoes in a room of its own, one message after the other, on a server of one worker:
//! alone, beside a guest that spins on each of its messages and is made anew and triggered again
//! without pause, beside one that spins at its start, and beside clients that flood. It fails where
//! these cost more than they may.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on has failed")]

use jamsocket_server::Server;
use jamsocket_tests::{Client, RawClient, frame, unruly};
use jamsocket_wasm_host::WasmHostFactory;
use std::{
    net::SocketAddr,
    process::ExitCode,
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

/// How often all of it is measured, each for how long.
const RUNS: usize = 3;
const MEASURED: Duration = Duration::from_secs(5);

/// What the 99th percentile beside a guest that spins may be: this, and not more than three times
/// what it is alone with the following added.
const MOST: Duration = Duration::from_millis(20);
const MORE: Duration = Duration::from_millis(10);

/// What the 99th percentile beside clients that flood may be.
const MOST_BESIDE_FLOODS: Duration = Duration::from_millis(100);

/// How many clients flood.
const FLOODERS: usize = 8;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Neighbour {
    None,
    SpinsOnMessages,
    SpinsAtItsStart,
    Floods,
}

/// Of the times that echoes took.
#[derive(Debug, Clone, Copy)]
struct Percentiles {
    echoes: usize,
    p50: Duration,
    p99: Duration,
    most: Duration,
}

#[tokio::main]
async fn main() -> ExitCode {
    let server = Server::new()
        .with_port(0)
        .with_workers(1)
        .start(WasmHostFactory::new(unruly()).unwrap())
        .unwrap();
    println!("run  {:<17} {:>7} {:>9} {:>9} {:>9}", "beside", "echoes", "p50", "p99", "most");
    let mut kept = true;
    for run in 1..=RUNS {
        let alone = measure(server.addr(), run, Neighbour::None).await;
        let spinning = measure(server.addr(), run, Neighbour::SpinsOnMessages).await;
        measure(server.addr(), run, Neighbour::SpinsAtItsStart).await;
        let floods = measure(server.addr(), run, Neighbour::Floods).await;
        kept &= spinning.p99 < MOST && spinning.p99 < 3 * alone.p99 + MORE;
        kept &= floods.p99 < MOST_BESIDE_FLOODS;
    }
    if kept {
        return ExitCode::SUCCESS;
    }
    println!("beside SpinsOnMessages, p99 has to be under {MOST:?} and 3 x None's + {MORE:?},");
    println!("and beside Floods under {MOST_BESIDE_FLOODS:?}");
    ExitCode::FAILURE
}

async fn measure(addr: SocketAddr, run: usize, neighbour: Neighbour) -> Percentiles {
    let mut neighbours = JoinSet::new();
    match neighbour {
        Neighbour::None => {}
        Neighbour::SpinsOnMessages => drop(neighbours.spawn(spin_on_messages(addr))),
        Neighbour::SpinsAtItsStart => drop(neighbours.spawn(spin_at_its_start(addr))),
        Neighbour::Floods => (0..FLOODERS).for_each(|n| drop(neighbours.spawn(flood(addr, n)))),
    }
    let echoes = tokio::spawn(echo(addr)).await.unwrap();
    neighbours.shutdown().await;
    let Percentiles { echoes: number, p50, p99, most } = echoes;
    let ms = |time: Duration| format!("{:.2} ms", time.as_secs_f64() * 1e3);
    let beside = format!("{neighbour:?}");
    println!("{run:>3}  {beside:<17} {number:>7} {:>9} {:>9} {:>9}", ms(p50), ms(p99), ms(most));
    echoes
}

async fn echo(addr: SocketAddr) -> Percentiles {
    let mut client = Client::join(addr, "/ws/quiet").await;
    let mut times = Vec::new();
    let begun = Instant::now();
    while begun.elapsed() < MEASURED {
        let sent = Instant::now();
        client.say("echo here").await;
        assert_eq!(client.hear().await, "here");
        times.push(sent.elapsed());
    }
    times.sort_unstable();
    let percentile = |percent: usize| times[(times.len() - 1) * percent / 100];
    Percentiles {
        echoes: times.len(),
        p50: percentile(50),
        p99: percentile(99),
        most: percentile(100),
    }
}

async fn spin_on_messages(addr: SocketAddr) {
    loop {
        // A room that has failed may be refused for a moment.
        if let Ok(mut client) = Client::try_join(addr, "/ws/hog").await {
            client.say("spin").await;
            assert_eq!(client.hear_close().await.0, 1011);
        }
    }
}

async fn spin_at_its_start(addr: SocketAddr) {
    loop {
        if let Ok(mut client) = Client::try_join(addr, "/ws/spins").await {
            assert_eq!(client.hear_close().await.0, 1011);
        }
    }
}

/// Sends pings, or messages that are answered, and reads nothing.
async fn flood(addr: SocketAddr, n: usize) {
    let ping = frame(0x89, b"");
    let message = frame(0x81, b"echo x");
    let frames = if n.is_multiple_of(2) { ping } else { message }.repeat(1_000);
    loop {
        let mut client = RawClient::join(addr, "/ws/flood").await;
        client.repeat(&frames, usize::MAX).await;
    }
}
