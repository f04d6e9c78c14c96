//! What the benchmarks of the parts share: the guest that they load, and a context and a host that
//! take what a room sends and do nothing with it.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on has failed")]

use jamsocket::{
    ClientId, JamsocketContext, LogLevel, MessageRecipient,
    host::{Departure, Message, RoomHost},
};
use jamsocket_wasm_host::{GuestLimits, WasmEngine, WasmHostFactory};
use std::{
    hint::black_box,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use tokio::runtime::{Builder, Runtime};

/// A message that goes back to its sender, of 64 bytes.
pub const ECHO: &str = "e23456789 123456789 123456789 123456789 123456789 123456789 1234";

/// A message that goes to everyone, of 64 bytes.
pub const BROADCAST: &str = "b23456789 123456789 123456789 123456789 123456789 123456789 1234";

/// Makes rooms of the guest that echoes and broadcasts, as a server does.
pub fn factory<C: JamsocketContext>() -> WasmHostFactory<C> {
    let limits = GuestLimits { max_rooms: 1_000, ..GuestLimits::default() };
    let engine = WasmEngine::with_limits(limits).unwrap();
    let guest = guest("bench_guest");
    WasmHostFactory::new_in(&engine, guest).expect("`make bench` builds the guest")
}

/// Where `make bench` has built the guest of this name.
pub fn guest(name: &str) -> PathBuf {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/wasm32-wasip1/release");
    built.join(name).with_extension("wasm")
}

/// What rooms run on: one thread, as a server's worker has it.
pub fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}

/// How long something takes that is done so many times, one after the other.
pub fn time(runtime: &Runtime, times: u64, mut act: impl AsyncFnMut()) -> Duration {
    runtime.block_on(async {
        let begin = Instant::now();
        for _ in 0..times {
            act().await;
        }
        begin.elapsed()
    })
}

/// A context for services by themselves.
#[derive(Debug, Clone)]
pub struct Discarded;

impl JamsocketContext for Discarded {
    fn send_message(&self, to: impl Into<MessageRecipient>, message: &str) {
        black_box((to.into(), message));
    }

    fn send_binary(&self, to: impl Into<MessageRecipient>, message: &[u8]) {
        black_box((to.into(), message));
    }

    fn set_timer(&self, _: u32) {}
}

/// A host whose clients are nowhere, and whose clock stands.
#[derive(Debug)]
pub struct Nowhere;

impl RoomHost<()> for Nowhere {
    fn now(&mut self) -> Duration {
        Duration::ZERO
    }

    fn deliver<'a>(
        &mut self,
        message: Message,
        recipients: impl Iterator<Item = (ClientId, &'a ())>,
    ) {
        recipients.for_each(|(client, ())| {
            black_box(client);
        });
        black_box(message);
    }

    fn log(&mut self, _: LogLevel, _: &str) {}

    fn depart(&mut self, _: ClientId, (): (), _: Departure) {}
}
