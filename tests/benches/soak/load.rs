//! Much of one thing at a time, each with its figures and its end.

use futures_util::future::join_all;
use jamsocket_tests::{Client, Jamsocket, Process, guest, unruly, until};
use std::{
    net::SocketAddr,
    path::Path,
    time::{Duration, Instant},
};
use tokio::{sync::watch, task::JoinSet};

const IDLE_CLIENTS: usize = 2_000;
const ROOMS: usize = 1_000;
const LISTENERS: usize = 500;
const RETURNING: usize = 1_000;

/// How many join at the same time.
const AT_ONCE: usize = 50;

/// What is broadcast to the listeners: so many messages, at this distance.
const BROADCASTS: u32 = 50;
const DISTANCE: Duration = Duration::from_millis(100);

/// By how much memory may be more after the second time: a tenth, and this, in KiB.
const SLACK: u64 = 10 << 10;

/// All of it, one after the other, each on a server of its own and twice over.
///
/// # Panics
///
/// The server fails somebody, or what it took for the first time does not do for the second.
pub(crate) async fn all() {
    let arguments = format!(
        "serve {} counter={} --port 0 --workers 2 --shutdown-policy immediate --max-rooms {ROOMS}",
        unruly().display(),
        guest("counter").display()
    );
    twice("idle", &arguments, idle).await;
    twice("rooms", &arguments, rooms).await;
    twice("large", &arguments, broadcast).await;
    twice("return", &arguments, return_at_once).await;
}

/// Runs a load and has everybody leave, two times.
///
/// The allocator keeps what the first has taken, as what is left of it lies scattered; so it is the
/// second that shows whether anything leaks.
async fn twice(what: &str, serve: &str, load: impl AsyncFn(SocketAddr, &Process) -> String) {
    let serving = Jamsocket::new(Path::new("/"), serve).serve();
    let (addr, process) = (serving.addr, serving.process());
    // A module's memory has a descriptor from its first room on.
    for path in ["/ws/first", "/counter/ws/first"] {
        Client::join(addr, path).await.leave().await;
    }
    let before = process.holdings();
    let mut kept = before.resident;
    for time in ["once", "again"] {
        let figures = load(addr, &process).await;
        until("everybody to be gone", async || process.descriptors() <= before.descriptors).await;
        let now = process.holdings();
        println!("{what:<7} {time:<5} {figures}; {} KiB, then {now}", before.resident);
        assert_eq!(now.threads, before.threads);
        assert!(time == "once" || now.resident <= kept + kept / 10 + SLACK, "memory leaks");
        kept = now.resident;
    }
}

/// Clients that say nothing, and what each costs.
async fn idle(addr: SocketAddr, process: &Process) -> String {
    let before = process.resident();
    let joins = join_many((0..IDLE_CLIENTS).map(|n| (addr, format!("/ws/{}", n % 20)))).await;
    let each = each(process, before, IDLE_CLIENTS);
    let figures = format!("{IDLE_CLIENTS} clients, {each} each, joins {}", Times(&joins.times));
    all_leave(joins.clients).await;
    figures
}

/// Rooms of a real guest with a client each, as many as there may be.
async fn rooms(addr: SocketAddr, process: &Process) -> String {
    let before = process.resident();
    let path = |n| format!("/counter/ws/{before}-{n}");
    let mut joins = join_many((0..ROOMS).map(|n| (addr, path(n)))).await;
    for client in &mut joins.clients {
        client.say("increment").await;
        assert_eq!(client.hear().await, "new value: 1");
    }
    let each = each(process, before, ROOMS);
    let figures = format!("{ROOMS} rooms, {each} each, joins {}", Times(&joins.times));
    let refused = Client::try_join(addr, "/counter/ws/one-more").await.unwrap_err();
    assert_eq!(refused.status, 503);
    all_leave(joins.clients).await;
    figures
}

/// One room in which everyone hears everything.
async fn broadcast(addr: SocketAddr, _: &Process) -> String {
    let mut speaker = Client::join(addr, "/ws/1").await;
    let listeners = join_many((0..LISTENERS).map(|_| (addr, "/ws/1".to_owned()))).await.clients;
    let (said, when) = watch::channel(Instant::now());
    let mut heard = JoinSet::new();
    for mut listener in listeners {
        let when = when.clone();
        heard.spawn(async move {
            let mut times = Vec::new();
            for n in 1..=BROADCASTS {
                assert_eq!(listener.hear().await, n.to_string());
                times.push(when.borrow().elapsed());
            }
            listener.leave().await;
            times
        });
    }
    let mut pace = tokio::time::interval(DISTANCE);
    for n in 1..=BROADCASTS {
        pace.tick().await;
        said.send_replace(Instant::now());
        speaker.say("flood 1 0").await;
        assert_eq!(speaker.hear().await, n.to_string());
    }
    let times = heard.join_all().await.concat();
    speaker.leave().await;
    format!("{LISTENERS} clients, {} deliveries {}", times.len(), Times(&times))
}

/// Everyone is cut off and comes back, all at once.
async fn return_at_once(addr: SocketAddr, _: &Process) -> String {
    let path = |n: usize| (addr, format!("/ws/{}", n % 50));
    let gone = join_many((0..RETURNING).map(path)).await.clients;
    gone.into_iter().for_each(Client::vanish);
    let joins = join_many((0..RETURNING).map(path)).await;
    let figures = format!("{RETURNING} clients, joins {}", Times(&joins.times));
    all_leave(joins.clients).await;
    figures
}

/// What each of so many takes of the memory that has come to be used.
fn each(process: &Process, before: u64, number: usize) -> String {
    let grown = process.resident().saturating_sub(before);
    format!("{:.1} KiB", grown as f64 / number as f64)
}

struct Joins {
    clients: Vec<Client>,
    times: Vec<Duration>,
}

async fn join_many(paths: impl Iterator<Item = (SocketAddr, String)>) -> Joins {
    let paths: Vec<_> = paths.collect();
    let mut joins = Joins { clients: Vec::new(), times: Vec::new() };
    for some in paths.chunks(AT_ONCE) {
        let joined = some.iter().map(async |(addr, path)| {
            let begun = Instant::now();
            (Client::join(*addr, path).await, begun.elapsed())
        });
        for (client, time) in join_all(joined).await {
            joins.clients.push(client);
            joins.times.push(time);
        }
    }
    joins
}

async fn all_leave(mut clients: Vec<Client>) {
    while !clients.is_empty() {
        let some = clients.split_off(clients.len().saturating_sub(AT_ONCE));
        join_all(some.into_iter().map(Client::leave)).await;
    }
}

/// Percentiles of times, in milliseconds.
struct Times<'a>(&'a [Duration]);

impl std::fmt::Display for Times<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut times = self.0.to_vec();
        times.sort_unstable();
        let percentile = |percent: usize| times[(times.len() - 1) * percent / 100];
        write!(f, "p50 {:.1?}, p99 {:.1?}", percentile(50), percentile(99))
    }
}
