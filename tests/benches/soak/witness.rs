use jamsocket_tests::{Client, soon};
use std::{
    fmt,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

/// How many of them there are, and in how many rooms.
const CLIENTS: usize = 4;
const ROOMS: usize = 2;

/// How many messages each sends at once, and how long it waits after their answers.
const BURST: u64 = 8;
const PAUSE: Duration = Duration::from_millis(20);

/// Clients that keep to everything, and are to be served whatever happens elsewhere: each message of
/// theirs has a number, and the numbers come back whole and in order.
#[derive(Debug)]
pub(crate) struct Witness {
    over: Arc<AtomicBool>,
    clients: JoinSet<Vec<Duration>>,
}

/// What the witnesses have seen.
#[derive(Debug)]
pub(crate) struct Testimony {
    echoes: u64,
    p50: Duration,
    p99: Duration,
    most: Duration,
}

impl Witness {
    /// Joins, and begins.
    pub(crate) async fn start(addr: SocketAddr) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let mut clients = JoinSet::new();
        for n in 0..CLIENTS {
            let client = Client::join(addr, &format!("/ws/witness-{}", n % ROOMS)).await;
            clients.spawn(echo(client, over.clone()));
        }
        Self { over, clients }
    }

    /// Ends, and says how it was.
    ///
    /// # Panics
    ///
    /// A message was lost, or out of order.
    pub(crate) async fn end(self) -> Testimony {
        self.over.store(true, Relaxed);
        let all = soon("the witnesses", self.clients.join_all()).await;
        let mut times = all.concat();
        times.sort_unstable();
        let percentile = |percent: usize| times[(times.len() - 1) * percent / 100];
        Testimony {
            echoes: times.len() as u64 * BURST,
            p50: percentile(50),
            p99: percentile(99),
            most: percentile(100),
        }
    }
}

/// Returns how long each burst took.
async fn echo(mut client: Client, over: Arc<AtomicBool>) -> Vec<Duration> {
    let mut times = Vec::new();
    let mut number = 0_u64;
    while !over.load(Relaxed) {
        let sent = Instant::now();
        for n in number..number + BURST {
            client.say(&format!("echo {n}")).await;
        }
        for n in number..number + BURST {
            assert_eq!(client.hear().await, n.to_string());
        }
        times.push(sent.elapsed());
        number += BURST;
        tokio::time::sleep(PAUSE).await;
    }
    client.leave().await;
    times
}

impl fmt::Display for Testimony {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { echoes, p50, p99, most } = self;
        write!(f, "{echoes} echoes of witnesses, none lost, in bursts of {BURST}: ")?;
        write!(f, "p50 {p50:.1?}, p99 {p99:.1?}, most {most:.1?}")
    }
}
