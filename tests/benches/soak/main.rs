//! A server under everything at once, and what is left of it in the end: `make soak`.
//!
//! First [`load`]: many idle clients, many rooms, a large room, everyone coming back at once, each
//! with its figures. Then, for `SOAK_SECONDS` (default 120), clients that do one [`fault`] after the
//! other at random, while [`witness`]es are to be served without a message lost or out of order.
//! In the end, when all have left, the process holds what it held before. It fails where anything of
//! this is not so. `SOAK_SEED` repeats a run's choices.

#![allow(clippy::unwrap_used, reason = "a soak that cannot go on has failed")]

mod fault;
mod load;
mod witness;

use fault::Fault;
use jamsocket_tests::{Holdings, Jamsocket, Process, Serving, unruly, until};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use std::{
    collections::BTreeMap,
    env,
    net::SocketAddr,
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};
use tokio::task::JoinSet;
use witness::Witness;

const DEFAULT_SECONDS: u64 = 120;

/// How many clients do one fault after the other at the same time.
const CULPRITS: u64 = 24;

/// For how long they do so before the process's memory is taken for what it holds at rest.
const WARM_UP: Duration = Duration::from_secs(15);

/// By how much memory may have grown in the end: a tenth, and this, in KiB.
const SLACK: u64 = 4 << 10;

/// Short times, so that much happens; small memories, so that many are filled.
const FLAGS: &str = "--port 0 --workers 2 --shutdown-policy immediate \
    --heartbeat-interval 1 --heartbeat-timeout 4 --request-time 2s --close-time 2s \
    --write-time 4s --run-time 200ms --memory-bytes 16MiB";

#[tokio::main]
async fn main() -> ExitCode {
    let seconds = number("SOAK_SECONDS").unwrap_or(DEFAULT_SECONDS);
    let seed = number("SOAK_SEED").unwrap_or_else(|| rand::rng().random());
    println!("SOAK_SECONDS={seconds} SOAK_SEED={seed}");
    load::all().await;
    if soak(Duration::from_secs(seconds), seed).await {
        return ExitCode::SUCCESS;
    }
    println!("failed; SOAK_SEED={seed} makes the same choices");
    ExitCode::FAILURE
}

fn number(variable: &str) -> Option<u64> {
    let text = env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable}={text} is no number")))
}

/// Returns whether all was as it should be.
async fn soak(time: Duration, seed: u64) -> bool {
    let arguments = format!("serve {} {FLAGS}", unruly().display());
    let serving = Jamsocket::new(Path::new("/"), &arguments).serve();
    let process = serving.process();
    let witness = Witness::start(serving.addr).await;
    let start = process.holdings();
    println!("\nsoak    {:<10} {start}", "at first");

    let mut kept = true;
    let warm_up = WARM_UP.min(time / 2);
    kept &= churn(&serving, warm_up, seed).await;
    let warm = at_rest(&process, start).await;
    println!("soak    {:<10} {warm}", "warmed up");
    process.forget_peak();
    kept &= churn(&serving, time - warm_up, seed.wrapping_add(1)).await;
    println!("soak    {:<10} at most {} MiB", "under it", process.peak() >> 10);
    let end = at_rest(&process, start).await;
    println!("soak    {:<10} {end}", "at last");

    let allowed = warm.resident + warm.resident / 10 + SLACK;
    if end.resident > allowed {
        println!("memory: {} KiB in the end, of {allowed} that may be", end.resident);
        kept = false;
    }
    println!("soak    {}", witness.end().await);
    serving.signal("TERM");
    let code = serving.code().await;
    if code != 0 {
        println!("it ended with {code}");
        kept = false;
    }
    kept
}

/// Has culprits do what they do for so long, and waits until the last is done. Returns whether each
/// fault had its outcome, and the server was none the worse.
async fn churn(serving: &Serving, time: Duration, seed: u64) -> bool {
    let end = Instant::now() + time;
    let mut culprits = JoinSet::new();
    for n in 0..CULPRITS {
        let rng = StdRng::seed_from_u64(seed.wrapping_mul(CULPRITS).wrapping_add(n));
        culprits.spawn(culprit(serving.addr, rng, end));
    }
    let mut kept = true;
    let mut done = BTreeMap::<Fault, usize>::new();
    let mut look = tokio::time::interval(Duration::from_millis(100));
    loop {
        tokio::select! {
            ended = culprits.join_next() => match ended {
                Some(Ok(faults)) => faults.iter().for_each(|&fault| *done.entry(fault).or_default() += 1),
                // What it expected is on stderr.
                Some(Err(_)) => kept = false,
                None => break,
            },
            _ = look.tick() => kept &= log_is_clean(serving),
        }
    }
    kept &= log_is_clean(serving);
    let done: Vec<_> = done.iter().map(|(fault, times)| format!("{fault:?} {times}")).collect();
    println!("soak    {:<10} {}", "done", done.join(", "));
    kept
}

/// Does one fault after the other. Returns which.
async fn culprit(addr: SocketAddr, mut rng: StdRng, end: Instant) -> Vec<Fault> {
    let mut done = Vec::new();
    while Instant::now() < end {
        let fault = Fault::random(&mut rng);
        fault.commit(addr, &mut rng).await;
        done.push(fault);
    }
    done
}

/// Whether the server has written of no panic of its own. A guest's are lines of its room.
fn log_is_clean(serving: &Serving) -> bool {
    let lines = serving.lines_so_far();
    let mut own =
        lines.iter().filter(|line| line.starts_with("thread '") || line.contains("fatal"));
    own.next().inspect(|line| println!("the server says: {line}")).is_none()
}

/// Waits until the descriptors and threads are as they were, and says what the process holds then.
async fn at_rest(process: &Process, start: Holdings) -> Holdings {
    let quiet =
        |now: Holdings| now.descriptors <= start.descriptors && now.threads <= start.threads;
    until("descriptors and threads to be given back", async || quiet(process.holdings())).await;
    process.holdings()
}
