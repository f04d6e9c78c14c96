//! A message that is made, and framed where it lies.

#![allow(missing_docs, reason = "criterion's macros")]

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use jamsocket::host::Message;
use jamsocket_server::parts::encode;

fn frames(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("frame");
    for (size, bytes) in [("64 bytes", 64), ("4 KiB", 4_096)] {
        let text = "x".repeat(bytes);
        group.bench_function(format!("a message of {size}, made and encoded"), |bench| {
            bench.iter(|| encode(Message::text(&text)));
        });
        group.bench_function(format!("{size}, encoded"), |bench| {
            bench.iter_batched(|| Message::text(&text), encode, BatchSize::SmallInput);
        });
    }
    group.finish();
}

criterion_group!(benches, frames);
criterion_main!(benches);
