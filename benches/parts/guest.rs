//! A guest by itself: one call of it, and its birth.

#![allow(missing_docs, clippy::unwrap_used, reason = "criterion's macros; a benchmark")]

use criterion::{Criterion, criterion_group, criterion_main};
use jamsocket::{ClientId, JamsocketService, JamsocketServiceFactory};
use jamsocket_benches::{Discarded, ECHO, factory, runtime, time};

fn calls(criterion: &mut Criterion) {
    let (runtime, factory) = (runtime(), factory());
    let client = ClientId::from(1);
    let mut guest = runtime.block_on(factory.create("room", Discarded)).unwrap();
    let long = format!("e{}", "x".repeat(4_095));
    let mut group = criterion.benchmark_group("guest");
    for (name, message) in [("message and send, 64 bytes", ECHO), ("and 4 KiB", &long)] {
        group.bench_function(name, |bench| {
            bench.iter_custom(|times| {
                time(&runtime, times, async || guest.message(client, message).await.unwrap())
            });
        });
    }
    group.bench_function("connect, which does nothing", |bench| {
        bench.iter_custom(|times| {
            time(&runtime, times, async || guest.connect(client).await.unwrap())
        });
    });
    group.bench_function("a new instance, and its end", |bench| {
        bench.iter_custom(|times| {
            time(&runtime, times, async || {
                factory.create("room", Discarded).await.unwrap();
            })
        });
    });
    group.finish();
}

criterion_group!(benches, calls);
criterion_main!(benches);
