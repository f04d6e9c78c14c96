//! All that can happen to a room of a module that nobody knows. The fuzzers use this file too.

use jamsocket::{
    BuildError, ClientId, JamsocketServiceFactory, LogLevel,
    host::{
        Departure, Input, Message, Room, RoomContext, RoomHost, SendLimits, ServiceShutdownPolicy,
    },
};
use jamsocket_wasm_host::{GuestLimits, LoadError, WasmEngine, WasmHostFactory, WasmService};
use std::{
    task::Waker,
    time::{Duration, Instant},
};

/// An engine with a place for one room, so that a place that is not given back is missed.
pub(crate) fn engine() -> WasmEngine {
    let limits = GuestLimits {
        max_rooms: 1,
        memory_bytes: 4 << 20,
        table_elements: 1000,
        run_time: Duration::from_millis(3),
        wall_time: Duration::from_millis(20),
        ..GuestLimits::default()
    };
    WasmEngine::with_limits(limits).expect("there is an engine")
}

#[derive(Debug, Clone, Copy)]
enum Happening {
    Join,
    Text(&'static str),
    Binary(&'static [u8]),
    Wake,
    Leave,
}

/// First what needs no memory of the guest's, where most strangers fail.
const EVERYTHING: [Happening; 9] = [
    Happening::Join,
    Happening::Join,
    Happening::Text(""),
    Happening::Binary(&[]),
    Happening::Wake,
    Happening::Text("größer 😀"),
    Happening::Binary(&[0xFF; 700]),
    Happening::Wake,
    Happening::Leave,
];

pub(crate) type Factory = WasmHostFactory<RoomContext>;

/// How far a module came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// It was refused.
    Refused,
    /// It was loaded, and did not come to the end of its start.
    Loaded,
    /// It had a room, which failed.
    Started,
    /// Its room came to the end.
    Ended,
}

/// Loads a module and lets a room of it live, from the first join to the end.
///
/// # Panics
///
/// The host does not keep to its bounds.
pub(crate) async fn live(engine: &WasmEngine, module: &[u8]) -> Stage {
    let factory = match Factory::from_bytes_in(engine, module) {
        Ok(factory) => factory,
        Err(LoadError::NotAModule { reason, .. }) => {
            assert!(!reason.contains("panicked"), "{reason}");
            return Stage::Refused;
        }
        Err(LoadError::Refused { faults, .. }) => {
            assert!(!faults.is_empty());
            return Stage::Refused;
        }
        Err(other) => panic!("{other}"),
    };
    let limits = SendLimits { messages: 100, bytes: 64 << 10, log_bytes: 4 << 10 };
    let context = RoomContext::with_limits(Waker::noop().clone(), limits.clone());
    let service = match in_time(factory.create("", context.clone())).await {
        Ok(service) => service,
        Err(BuildError::Failed(_)) => return Stage::Loaded,
        Err(other) => panic!("{other}"),
    };
    if context.end_construction().is_err() {
        return Stage::Loaded;
    }
    let mut room = Room::new(service, context, ServiceShutdownPolicy::Never);
    let mut host =
        Host { limits, now: Duration::ZERO, joined: 0, messages: 0, bytes: 0, logged: 0 };
    for happening in EVERYTHING {
        host.one(&mut room, happening).await;
    }
    let failed = room.end().is_some();
    host.handle(&mut room, Input::Stop).await;
    assert!(room.end().is_some());
    assert_eq!((host.joined, room.clients()), (0, 0), "each has left");
    if failed { Stage::Started } else { Stage::Ended }
}

/// Waits for what takes no longer than a callback may, on any machine.
async fn in_time<T>(callback: impl Future<Output = T>) -> T {
    let begun = Instant::now();
    let result = callback.await;
    assert!(begun.elapsed() < Duration::from_secs(20), "it took {:?}", begun.elapsed());
    result
}

/// What a room has done in the callback that is under way.
struct Host {
    limits: SendLimits,
    now: Duration,
    joined: usize,
    messages: usize,
    bytes: usize,
    logged: usize,
}

impl Host {
    async fn one(&mut self, room: &mut Room<WasmService<RoomContext>, ()>, what: Happening) {
        let client = ClientId::from(1);
        let input = match what {
            Happening::Join => {
                let client = room.next_client().expect("there are ids");
                self.joined += 1;
                Input::Join(client, ())
            }
            Happening::Text(text) => Input::Text(client, text),
            Happening::Binary(bytes) => Input::Binary(client, bytes),
            Happening::Wake => {
                self.now = room.deadline().unwrap_or(self.now);
                Input::Wake
            }
            Happening::Leave => Input::Leave(client),
        };
        self.handle(room, input).await;
    }

    async fn handle(
        &mut self,
        room: &mut Room<WasmService<RoomContext>, ()>,
        input: Input<'_, WasmService<RoomContext>, ()>,
    ) {
        (self.messages, self.bytes, self.logged) = (0, 0, 0);
        in_time(room.handle(input, self)).await;
    }
}

impl RoomHost<()> for Host {
    fn now(&mut self) -> Duration {
        self.now
    }

    fn deliver<'a>(&mut self, message: Message, to: impl Iterator<Item = (ClientId, &'a ())>) {
        assert!(to.count() <= self.joined);
        self.messages += 1;
        self.bytes += message.payload().len();
        assert!(self.messages <= self.limits.messages && self.bytes <= self.limits.bytes);
    }

    fn log(&mut self, _: LogLevel, line: &str) {
        self.logged += line.len();
        assert!(self.logged <= self.limits.log_bytes);
    }

    fn depart(&mut self, _: ClientId, (): (), _: Departure) {
        self.joined -= 1;
    }
}
