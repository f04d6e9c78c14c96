//! A room from an input to its outputs, native and sandboxed: what the sandbox costs is the
//! difference.

#![allow(missing_docs, clippy::unwrap_used, reason = "criterion's macros; a benchmark")]

use bench_guest::Bench;
use criterion::{Criterion, criterion_group, criterion_main};
use jamsocket::{
    JamsocketService, JamsocketServiceFactory, SimpleJamsocketServiceFactory,
    host::{Input, Room, RoomContext, ServiceShutdownPolicy},
};
use jamsocket_benches::{BROADCAST, ECHO, Nowhere, factory, runtime, time};
use std::task::Waker;
use tokio::runtime::Runtime;

fn inputs(criterion: &mut Criterion) {
    let runtime = runtime();
    let native = SimpleJamsocketServiceFactory::<Bench, RoomContext>::default();
    room(criterion, &runtime, "native room", &native);
    room(criterion, &runtime, "sandboxed room", &factory());
}

fn room<F: JamsocketServiceFactory<RoomContext>>(
    criterion: &mut Criterion,
    runtime: &Runtime,
    name: &str,
    factory: &F,
) {
    let mut group = criterion.benchmark_group(name);
    for (name, message, clients) in [("echo", ECHO, 1), ("broadcast to 100", BROADCAST, 100)] {
        let mut room = runtime.block_on(occupied(factory, clients));
        let client = room.next_client().unwrap();
        runtime.block_on(room.handle(Input::Join(client, ()), &mut Nowhere));
        group.bench_function(name, |bench| {
            bench.iter_custom(|times| {
                time(runtime, times, async || {
                    room.handle(Input::Text(client, message), &mut Nowhere).await;
                })
            });
        });
        assert!(room.end().is_none(), "the room has ended");
    }
    group.finish();
}

/// A room with so many clients, but for one.
async fn occupied<F: JamsocketServiceFactory<RoomContext>>(
    factory: &F,
    clients: usize,
) -> Room<impl JamsocketService + use<F>, ()> {
    let context = RoomContext::new(Waker::noop().clone());
    let service = factory.create("room", context.clone()).await.unwrap();
    context.end_construction().unwrap();
    let mut room = Room::new(service, context, ServiceShutdownPolicy::Never);
    for _ in 1..clients {
        let client = room.next_client().unwrap();
        room.handle(Input::Join(client, ()), &mut Nowhere).await;
    }
    room
}

criterion_group!(benches, inputs);
criterion_main!(benches);
