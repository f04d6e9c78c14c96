use jamsocket::{
    BuildError, ClientId, JamsocketContext, JamsocketService, JamsocketServiceFactory,
};
use jamsocket::{MessageRecipient, ServiceError};
use jamsocket_server::{
    NamedService, RolledBack, Server, ServerHandle, ServiceActorContext, Swapper,
};
use jamsocket_tests::{Client, PATIENCE, soon, wasm_factory};
use std::sync::mpsc;

/// Rooms of a version of some code, which fails at a message, or at the `connect` of a client, or to
/// start.
#[derive(Debug, Clone, Copy, Default)]
struct Version {
    name: &'static str,
    fails_to_start: bool,
    fails_at_connect: u32,
}

/// Answers to `who` with its version, the client's id, and how many callbacks there were; fails at
/// `fail` unless it is of the first version.
struct Room {
    version: Version,
    calls: u32,
    context: ServiceActorContext,
}

impl JamsocketServiceFactory<ServiceActorContext> for Version {
    type Service = Room;

    async fn create(&self, _: &str, context: ServiceActorContext) -> Result<Room, BuildError> {
        if self.fails_to_start {
            return Err(BuildError::failed("told not to start"));
        }
        Ok(Room { version: *self, calls: 0, context })
    }
}

impl Room {
    fn call(&mut self, fails: bool) -> Result<(), ServiceError> {
        self.calls += 1;
        if fails { Err(ServiceError::Trapped("told to".to_owned())) } else { Ok(()) }
    }
}

impl JamsocketService for Room {
    async fn connect(&mut self, client: ClientId) -> Result<(), ServiceError> {
        self.call(u32::from(client) == self.version.fails_at_connect)?;
        let met = format!("{} meets {client}", self.version.name);
        self.context.send_message(MessageRecipient::Broadcast, &met);
        Ok(())
    }

    async fn disconnect(&mut self, _: ClientId) -> Result<(), ServiceError> {
        self.call(false)
    }

    async fn message(&mut self, client: ClientId, message: &str) -> Result<(), ServiceError> {
        self.call(message == "fail" && self.version.name != "one")?;
        let answer = format!("{} {client} {}", self.version.name, self.calls);
        self.context.send_message(client, &answer);
        Ok(())
    }

    async fn binary(&mut self, _: ClientId, _: &[u8]) -> Result<(), ServiceError> {
        self.call(false)
    }

    async fn timer(&mut self) -> Result<(), ServiceError> {
        self.call(false)
    }
}

const ONE: Version = Version { name: "one", fails_to_start: false, fails_at_connect: 0 };
const TWO: Version = Version { name: "two", ..ONE };

fn start<F>(factory: F) -> (ServerHandle, Swapper<F>)
where
    F: JamsocketServiceFactory<ServiceActorContext>,
{
    let (service, swapper) = NamedService::swappable("", factory);
    let server = Server::new().with_port(0).with_workers(2).with_service(service);
    (server.start_services().unwrap(), swapper)
}

/// Swaps, and waits until every room has gone over. The receiver has what was rolled back.
async fn swap<F>(swapper: &Swapper<F>, factory: F) -> (usize, mpsc::Receiver<RolledBack>)
where
    F: JamsocketServiceFactory<ServiceActorContext>,
{
    let (told, rolled_back) = mpsc::channel();
    let swapping = swapper.swap(factory, move |back| told.send(back).unwrap());
    let rooms = soon("the swap", tokio::task::spawn_blocking(|| swapping.wait())).await.unwrap();
    (rooms, rolled_back)
}

/// A client of a room, met by the first version.
async fn join(server: &ServerHandle, room: &str, meets: &str) -> Client {
    let mut client = Client::join(server.addr(), &format!("/ws/{room}")).await;
    assert_eq!(client.hear().await, meets);
    client
}

async fn asked(client: &mut Client) -> String {
    client.say("who").await;
    client.hear().await
}

#[tokio::test]
async fn clients_stay_under_their_ids_while_their_rooms_go_over_to_new_code() {
    let (server, swapper) = start(ONE);
    let mut ann = join(&server, "1", "one meets 1").await;
    let mut bob = join(&server, "1", "one meets 2").await;
    assert_eq!(ann.hear().await, "one meets 2");
    let mut eve = join(&server, "2", "one meets 1").await;
    let (rooms, _back) = swap(&swapper, TWO).await;
    assert_eq!(rooms, 2);
    assert_eq!(ann.hear().await, "two meets 1");
    assert_eq!(ann.hear().await, "two meets 2");
    assert_eq!(bob.hear().await, "two meets 2");
    assert_eq!(eve.hear().await, "two meets 1");
    assert_eq!(asked(&mut bob).await, "two 2 3");
    assert_eq!(asked(&mut eve).await, "two 1 2");
}

#[tokio::test]
async fn sandboxed_rooms_go_over_with_fresh_state() {
    let (server, swapper) = start(wasm_factory("counter"));
    let mut ann = Client::join(server.addr(), "/ws/1").await;
    for value in ["new value: 1", "new value: 2"] {
        ann.say("increment").await;
        assert_eq!(ann.hear().await, value);
    }
    assert_eq!(swap(&swapper, wasm_factory("counter")).await.0, 1);
    ann.say("increment").await;
    assert_eq!(ann.hear().await, "new value: 1");
    assert_eq!(swap(&swapper, wasm_factory("echo")).await.0, 1);
    ann.say("increment").await;
    assert_eq!(ann.hear().await, "increment");
}

#[tokio::test]
async fn rooms_that_come_later_run_the_new_code() {
    let (server, swapper) = start(ONE);
    assert_eq!(swap(&swapper, TWO).await.0, 0);
    join(&server, "1", "two meets 1").await;
}

#[tokio::test]
async fn code_that_fails_on_trial_is_taken_back_from_every_room() {
    let (server, swapper) = start(ONE);
    let mut ann = join(&server, "1", "one meets 1").await;
    let mut eve = join(&server, "2", "one meets 1").await;
    let mut through = join(&server, "3", "one meets 1").await;
    let (_, back) = swap(&swapper, TWO).await;
    for client in [&mut ann, &mut eve, &mut through] {
        assert_eq!(client.hear().await, "two meets 1");
    }
    for calls in 2..=3 {
        assert_eq!(asked(&mut through).await, format!("two 1 {calls}"));
    }
    ann.say("fail").await;
    let told = back.recv_timeout(PATIENCE).unwrap();
    assert_eq!(told.to_string(), "in the room `1` message(1) failed: the service trapped: told to");
    // Who was on trial goes on as if nothing had been, and who was through begins anew.
    assert_eq!(asked(&mut ann).await, "one 1 2");
    assert_eq!(through.hear().await, "one meets 1");
    assert_eq!(asked(&mut eve).await, "one 1 2");
    join(&server, "4", "one meets 1").await;
    assert!(back.recv_timeout(PATIENCE).is_err(), "it is told once");
}

#[tokio::test]
async fn code_that_cannot_start_or_meet_who_is_in_is_never_seen() {
    let (server, swapper) = start(ONE);
    let mut ann = join(&server, "1", "one meets 1").await;
    for (version, reason) in [
        (
            Version { fails_to_start: true, ..TWO },
            "in the room `1` the room could not be started: told not to start",
        ),
        (
            Version { fails_at_connect: 1, ..TWO },
            "in the room `1` connect(1) failed: the service trapped: told to",
        ),
    ] {
        let (rooms, back) = swap(&swapper, version).await;
        assert_eq!(rooms, 0);
        assert_eq!(back.recv_timeout(PATIENCE).unwrap().to_string(), reason);
    }
    assert_eq!(asked(&mut ann).await, "one 1 2");
    assert_eq!(swap(&swapper, TWO).await.0, 1);
    assert_eq!(ann.hear().await, "two meets 1");
}

#[tokio::test]
async fn code_that_something_newer_came_after_is_not_on_trial_any_more() {
    let (server, swapper) = start(ONE);
    let mut ann = join(&server, "1", "one meets 1").await;
    let (_, back_from_two) = swap(&swapper, TWO).await;
    assert_eq!(ann.hear().await, "two meets 1");
    let broken = Version { name: "three", fails_to_start: true, ..ONE };
    let (_, back_from_three) = swap(&swapper, broken).await;
    back_from_three.recv_timeout(PATIENCE).unwrap();
    assert_eq!(asked(&mut ann).await, "two 1 2");
    ann.say("fail").await;
    assert_eq!(ann.hear_close().await.0, 1011);
    assert!(back_from_two.try_recv().is_err());
    join(&server, "1", "two meets 1").await;
}

#[tokio::test]
async fn code_that_comes_right_after_a_failure_is_on_trial_like_any_other() {
    let (server, swapper) = start(ONE);
    let mut ann = join(&server, "1", "one meets 1").await;
    let fails = Version { fails_at_connect: 1, ..TWO };
    // The room has not gone back yet when the next code comes.
    let (told, back) = mpsc::channel();
    let (next, swapper_then) = (told.clone(), swapper.clone());
    swapper.swap(fails, move |first| {
        told.send(first).unwrap();
        swapper_then.swap(fails, move |second| next.send(second).unwrap());
    });
    for _ in 0..2 {
        let reason = back.recv_timeout(PATIENCE).unwrap().reason;
        assert_eq!(reason, "connect(1) failed: the service trapped: told to");
    }
    assert_eq!(asked(&mut ann).await, "one 1 2");
}

#[tokio::test]
async fn code_that_is_through_with_its_trial_fails_like_any_other() {
    let (server, swapper) = start(ONE);
    let mut ann = join(&server, "1", "one meets 1").await;
    let (_, back) = swap(&swapper, TWO).await;
    assert_eq!(ann.hear().await, "two meets 1");
    for _ in 2..=3 {
        asked(&mut ann).await;
    }
    ann.say("fail").await;
    assert_eq!(ann.hear_close().await.0, 1011);
    drop(swapper);
    assert!(back.try_recv().is_err());
    join(&server, "1", "two meets 1").await;
}

#[tokio::test]
async fn a_room_that_failed_again_and_again_is_tried_at_once_with_new_code() {
    let broken = Version { fails_to_start: true, ..ONE };
    let (server, swapper) = start(broken);
    for _ in 0..5 {
        let mut ann = Client::join(server.addr(), "/ws/1").await;
        assert_eq!(ann.hear_close().await.0, 1011);
    }
    swap(&swapper, ONE).await;
    join(&server, "1", "one meets 1").await;
}

#[tokio::test]
async fn a_server_that_stops_leaves_no_swap_waiting() {
    let (server, swapper) = start(ONE);
    let mut ann = join(&server, "1", "one meets 1").await;
    server.stop();
    assert_eq!(ann.hear_close().await.0, 1001);
    soon("the server's end", server.stopped()).await;
    assert_eq!(swap(&swapper, TWO).await.0, 0);
}
