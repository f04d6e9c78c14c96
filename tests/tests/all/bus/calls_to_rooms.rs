//! Calls from rooms to other rooms of the same server.

use jamsocket_server::{
    NamedService, RoomIdStrategy, ServedRooms, Server, ServerHandle, ServiceActorContext,
    ServiceShutdownPolicy,
};
use jamsocket_tests::{Client, Metrics, bus_room, guest, http};
use jamsocket_wasm_host::{Bus, Grants, GuestLimits, WasmEngine, WasmHostFactory};
use std::{collections::HashMap, path::PathBuf, sync::Arc, time::Duration};

/// A server to be, whose rooms may call others.
struct Calling {
    engine: WasmEngine,
    rooms: ServedRooms,
    server: Server,
}

impl Calling {
    fn new() -> Self {
        Self::with_limits(GuestLimits { max_rooms: 100, ..GuestLimits::default() })
    }

    fn with_limits(limits: GuestLimits) -> Self {
        let (engine, rooms) = (WasmEngine::with_limits(limits).unwrap(), ServedRooms::new());
        let server = Server::new().with_port(0).with_admin(0).with_workers(2);
        Self { engine, server: server.with_served_rooms(rooms.clone()), rooms }
    }

    /// With a service whose rooms may call these rooms.
    fn with(self, name: &str, module: PathBuf, may_call: &[&str]) -> Self {
        self.with_service(name, module, may_call, |service| service)
    }

    fn with_service(
        mut self,
        name: &str,
        module: PathBuf,
        may_call: &[&str],
        set: impl FnOnce(NamedService) -> NamedService,
    ) -> Self {
        let bus = Bus::new(&self.engine, HashMap::new(), Grants::default())
            .with_rooms(Arc::new(self.rooms.clone()));
        let rooms = may_call.iter().map(|pattern| pattern.parse().unwrap()).collect();
        let factory = WasmHostFactory::<ServiceActorContext>::new_in(&self.engine, module).unwrap();
        let factory = factory.with_bus(&bus, Grants { rooms, ..Grants::default() });
        self.server = self.server.with_service(set(NamedService::new(name, factory)));
        self
    }

    fn start(self) -> ServerHandle {
        self.server.start_services().unwrap()
    }
}

/// Two services of the room that calls and is called; `a` may call all of both.
fn two() -> ServerHandle {
    Calling::new().with("a", bus_room(), &["a", "b"]).with("b", bus_room(), &[]).start()
}

async fn rooms(server: &ServerHandle, count: u32) {
    let sample = "jamsocket_rooms{service=\"b\"}";
    Metrics::until(server.admin_addrs()[0], sample, count.into()).await;
}

async fn asked(client: &mut Client, question: &str) -> Vec<String> {
    client.say(question).await;
    let mut lines = Vec::new();
    loop {
        let line = client.hear().await;
        let is_last = line == "done" || line.starts_with("failed");
        lines.push(line);
        if is_last {
            return lines;
        }
    }
}

#[tokio::test]
async fn a_lobby_asks_tables_that_are_joined_or_made_by_that() {
    let server = Calling::new()
        .with("", guest("lobby"), &["game"])
        .with_service("game", guest("game"), &[], |game| {
            game.with_access_token("for the lobby".parse().unwrap())
        })
        .start();
    let mut ann = Client::join(server.addr(), "/ws/lobby").await;
    for expected in ["table 1: 0 players", "table 1: 0 players"] {
        ann.say("table 1").await;
        assert_eq!(ann.hear().await, expected);
    }
    let mut bob = Client::join(server.addr(), "/game/ws/1").await;
    assert_eq!(bob.hear().await, "player 1 sits down");
    ann.say("table 1").await;
    assert_eq!(ann.hear().await, "table 1: 1 players");
    ann.say("announce 1 hello there").await;
    assert_eq!(ann.hear().await, "table 1: told 1 players");
    assert_eq!(bob.hear().await, "hello there");
}

#[tokio::test]
async fn a_room_feeds_callbacks_of_another_and_has_objects_for_it() {
    let server = two();
    let mut ann = Client::join(server.addr(), "/a/ws/1").await;
    let expected = ["step 1", "step 2", "step 3", "6 + [10]", "total 6", "done"];
    assert_eq!(asked(&mut ann, "ask b/1").await, expected);
    assert_eq!(asked(&mut ann, "flood b/1").await, ["500500", "done"]);
    // Its own service's, and itself, which hears of the ends.
    assert_eq!(asked(&mut ann, "add a/2").await, ["5", "done"]);
    assert_eq!(asked(&mut ann, "add a/1").await, ["5", "done"]);
}

#[tokio::test]
async fn what_a_room_holds_of_another_keeps_that_there() {
    let at_once =
        |service: NamedService| service.with_shutdown_policy(ServiceShutdownPolicy::Immediate);
    let server = Calling::new()
        .with("a", bus_room(), &["b"])
        .with_service("b", bus_room(), &[], at_once)
        .start();
    let mut ann = Client::join(server.addr(), "/a/ws/1").await;
    assert_eq!(asked(&mut ann, "later b/1").await, ["1", "done"]);
    rooms(&server, 0).await;
    assert_eq!(asked(&mut ann, "hold b/1").await, ["done"]);
    rooms(&server, 1).await;
    assert_eq!(asked(&mut ann, "add b/1").await, ["5", "done"]);
    rooms(&server, 1).await;
    ann.say("release").await;
    rooms(&server, 0).await;
}

#[tokio::test]
async fn what_a_room_held_of_another_ends_with_it() {
    let at_once =
        |service: NamedService| service.with_shutdown_policy(ServiceShutdownPolicy::Immediate);
    let server = Calling::new()
        .with_service("a", bus_room(), &["b"], at_once)
        .with("b", bus_room(), &[])
        .start();
    let mut bob = Client::join(server.addr(), "/b/ws/1").await;
    let mut ann = Client::join(server.addr(), "/a/ws/1").await;
    assert_eq!(asked(&mut ann, "hold b/1").await, ["done"]);
    ann.leave().await;
    assert_eq!(bob.hear().await, "a counter ends at 3");
}

#[tokio::test]
async fn what_a_room_holds_of_itself_does_not_keep_it_there() {
    let at_once =
        |service: NamedService| service.with_shutdown_policy(ServiceShutdownPolicy::Immediate);
    let server = Calling::new().with_service("b", bus_room(), &["b"], at_once).start();
    let mut bob = Client::join(server.addr(), "/b/ws/1").await;
    assert_eq!(asked(&mut bob, "hold b/1").await, ["done"]);
    rooms(&server, 1).await;
    bob.leave().await;
    rooms(&server, 0).await;
}

#[tokio::test]
async fn who_takes_little_of_what_a_room_tells_it_loses_the_call_and_the_room_goes_on() {
    let few = GuestLimits { max_rooms: 10, bus_waiting_messages: 4, ..GuestLimits::default() };
    let server = Calling::with_limits(few)
        .with("a", bus_room(), &["a", "b"])
        .with("b", bus_room(), &[])
        .start();
    let mut ann = Client::join(server.addr(), "/a/ws/1").await;
    // Another room, and its own.
    for slow in ["slow b/1", "slow a/1"] {
        assert_eq!(asked(&mut ann, slow).await, ["failed MemoryAllocationFailed"]);
    }
    for name in ["a/1", "b/1"] {
        let lines = asked(&mut ann, &format!("add {name}")).await;
        // Its own counter may end meanwhile.
        assert!(lines.contains(&"5".to_owned()), "{lines:?}");
    }
    let metrics = Metrics::read(server.admin_addrs()[0]).await;
    for service in ["a", "b"] {
        let failed =
            format!("jamsocket_room_failures_total{{service=\"{service}\",cause=\"out_of_time\"}}");
        assert_eq!(metrics.value(&failed), 0.0);
    }
}

#[tokio::test]
async fn a_room_that_traps_at_a_call_ends_and_its_caller_goes_on() {
    let server = two();
    let mut ann = Client::join(server.addr(), "/a/ws/1").await;
    let mut bob = Client::join(server.addr(), "/b/ws/1").await;
    assert_eq!(asked(&mut ann, "trap b/1").await, ["failed BusInvocationFailed"]);
    assert_eq!(bob.hear_close().await.0, 1011);
    assert_eq!(asked(&mut ann, "add b/1").await, ["5", "done"]);
}

#[tokio::test]
async fn a_room_that_blocks_for_its_own_answer_is_stopped() {
    let limits = GuestLimits {
        max_rooms: 10,
        wall_time: Duration::from_millis(300),
        ..GuestLimits::default()
    };
    let server = Calling::with_limits(limits).with("a", bus_room(), &["a"]).start();
    let mut ann = Client::join(server.addr(), "/a/ws/1").await;
    ann.say("block a/2").await;
    assert_eq!(ann.hear().await, "Ok(3)");
    ann.say("block a/1").await;
    assert_eq!(ann.hear_close().await.0, 1011);
}

#[tokio::test]
async fn rooms_are_called_where_that_is_granted_and_with_the_token() {
    let by_request = |service: NamedService| {
        let service = service.with_room_id_strategy(RoomIdStrategy::Explicit);
        service.with_access_token("hunter2".parse().unwrap())
    };
    let server = Calling::new()
        .with("a", bus_room(), &["b/1", "b/2", "echo", "nowhere"])
        .with_service("b", bus_room(), &[], by_request)
        .with("echo", guest("echo"), &[])
        .start();
    let mut ann = Client::join(server.addr(), "/a/ws/1").await;
    assert_eq!(http(server.addr(), "POST /b/ws/1").await.status, 200);
    assert_eq!(asked(&mut ann, "add b/1 hunter2").await, ["5", "done"]);
    for (question, why) in [
        ("add b/1 hunter", "AccessDenied"),
        ("add b/1", "AccessDenied"),
        ("add b/3 hunter2", "AccessDenied"),
        ("add a/1", "AccessDenied"),
        ("add b hunter2", "AccessDenied"),
        ("add b/2 hunter2", "InvalidWapm"),
        ("add nowhere/1", "InvalidWapm"),
        ("add echo/1", "IncorrectAbi"),
    ] {
        assert_eq!(asked(&mut ann, question).await, [format!("failed {why}")], "{question}");
    }
    let denied = "jamsocket_denied_calls_total{service=\"a\"}";
    Metrics::until(server.admin_addrs()[0], denied, 5.0).await;
    let mut bob = Client::join(server.addr(), "/b/ws/1").await;
    assert_eq!(asked(&mut bob, "add b/1 hunter2").await, ["failed AccessDenied"]);
}
