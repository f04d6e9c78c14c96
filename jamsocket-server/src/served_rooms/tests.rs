use super::*;
use crate::{
    Limits, NamedService, RoomIdStrategy, Server, ServerHandle, ServiceActorContext,
    ServiceShutdownPolicy,
};
use jamsocket::{
    BuildError, ClientId, JamsocketContext, JamsocketService, JamsocketServiceFactory,
    RoomCallError::*, ServiceError, ServiceUsage,
};
use std::{
    any::Any,
    sync::mpsc::{Receiver, Sender, channel},
    time::Duration,
};
use tokio::sync::Notify;

const PATIENCE: Duration = Duration::from_secs(30);

/// What comes of a call: the room that took it, or why none did.
type Outcome = Result<String, RoomCallError>;

#[derive(Debug)]
struct Call {
    told: Sender<Outcome>,
}

impl RoomCall for Call {
    fn bytes(&self) -> usize {
        1
    }

    fn refuse(self: Box<Self>, why: RoomCallError) {
        let _ = self.told.send(Err(why));
    }
}

/// Builds rooms, but for those of the ids `broken` and `full`; and the one of the id `slow` when it may.
#[derive(Default)]
struct Builds {
    slow: Arc<Notify>,
}

/// Answers each call with its room's id and how many it took before, when it is resumed.
struct Answers {
    room: String,
    context: ServiceActorContext,
    open: Vec<Call>,
    answered: usize,
}

impl JamsocketServiceFactory<ServiceActorContext> for Builds {
    type Service = Answers;

    async fn create(
        &self,
        room: &str,
        context: ServiceActorContext,
    ) -> Result<Answers, BuildError> {
        if room == "slow" {
            self.slow.notified().await;
        }
        match room {
            "broken" => Err(BuildError::failed(ServiceError::Abandoned)),
            "full" => Err(BuildError::AtCapacity("no place".to_owned())),
            _ => Ok(Answers { room: room.to_owned(), context, open: Vec::new(), answered: 0 }),
        }
    }
}

impl JamsocketService for Answers {
    async fn connect(&mut self, _: ClientId) -> Result<(), ServiceError> {
        Ok(())
    }
    async fn disconnect(&mut self, _: ClientId) -> Result<(), ServiceError> {
        Ok(())
    }
    async fn message(&mut self, _: ClientId, _: &str) -> Result<(), ServiceError> {
        Ok(())
    }
    async fn binary(&mut self, _: ClientId, _: &[u8]) -> Result<(), ServiceError> {
        Ok(())
    }
    async fn timer(&mut self) -> Result<(), ServiceError> {
        Ok(())
    }

    async fn resume(&mut self) -> Result<(), ServiceError> {
        for call in self.open.drain(..) {
            let _ = call.told.send(Ok(format!("{} {}", self.room, self.answered)));
            self.answered += 1;
        }
        Ok(())
    }

    fn take_call(&mut self, call: Box<dyn RoomCall>) {
        let call: Box<dyn Any> = call;
        self.open.extend(call.downcast().map(|call| *call));
        self.context.waker().wake();
    }

    fn usage(&self) -> ServiceUsage {
        ServiceUsage { open_calls: self.open.len(), ..ServiceUsage::default() }
    }
}

/// A server of this service, with two threads.
fn serve(service: NamedService) -> (ServerHandle, ServedRooms) {
    let rooms = ServedRooms::new();
    let server = Server::new().with_port(0).with_workers(2).with_served_rooms(rooms.clone());
    (server.with_service(service).start_services().unwrap(), rooms)
}

fn serve_default() -> (ServerHandle, ServedRooms) {
    serve(NamedService::new("game", Builds::default()))
}

/// Makes a call, and tells where its outcome is, or that there is no such room.
fn call(
    rooms: &ServedRooms,
    service: &str,
    room: &str,
    token: &str,
) -> Result<Receiver<Outcome>, RoomCallError> {
    let (told, outcome) = channel();
    rooms.call(service, room, token, Box::new(Call { told }))?;
    Ok(outcome)
}

fn outcome(rooms: &ServedRooms, room: &str) -> Outcome {
    call(rooms, "game", room, "")?.recv_timeout(PATIENCE).unwrap()
}

#[test]
fn a_call_makes_its_room_and_the_next_comes_to_the_same() {
    let (_server, rooms) = serve_default();
    for expected in ["a 0", "a 1", "b 0", "a 2"] {
        assert_eq!(outcome(&rooms, &expected[..1]).unwrap(), expected);
    }
}

#[test]
fn calls_reach_a_room_in_their_order() {
    let (_server, rooms) = serve_default();
    let outcomes: Vec<_> = (0..500).map(|_| call(&rooms, "game", "a", "").unwrap()).collect();
    for (n, outcome) in outcomes.iter().enumerate() {
        assert_eq!(outcome.recv_timeout(PATIENCE).unwrap(), Ok(format!("a {n}")));
    }
}

#[test]
fn a_room_that_only_calls_come_to_ends_when_its_last_is_over() {
    let service = NamedService::new("game", Builds::default());
    let (_server, rooms) = serve(service.with_shutdown_policy(ServiceShutdownPolicy::Immediate));
    // Many a call meets a room at its end, and comes to the next.
    let mut rooms_seen = 0;
    for _ in 0..200 {
        let calls: Vec<_> = (0..10).map(|_| call(&rooms, "game", "a", "").unwrap()).collect();
        for call in calls {
            let heard = call.recv_timeout(PATIENCE).unwrap().unwrap();
            rooms_seen += usize::from(heard == "a 0");
        }
    }
    assert!(rooms_seen > 1, "it has never ended");
}

#[test]
fn what_there_is_not_cannot_be_called() {
    let (_server, rooms) = serve_default();
    assert_eq!(call(&rooms, "other", "a", "").unwrap_err(), UnknownService);
    let long = "x".repeat(256);
    for room in ["", &long, "a\nb"] {
        assert_eq!(call(&rooms, "game", room, "").unwrap_err(), UnknownRoom, "{room}");
    }
    assert_eq!(outcome(&rooms, "broken"), Err(NotStarted));
    assert_eq!(outcome(&rooms, "full"), Err(AtCapacity));
    assert_eq!(call(&ServedRooms::new(), "game", "a", "").unwrap_err(), UnknownService);
}

#[test]
fn a_call_makes_no_room_where_a_join_does_not() {
    let service = NamedService::new("game", Builds::default());
    let (_server, rooms) = serve(service.with_room_id_strategy(RoomIdStrategy::Explicit));
    assert_eq!(outcome(&rooms, "a"), Err(UnknownRoom));
}

#[test]
fn there_are_no_more_rooms_than_there_may_be() {
    let service = NamedService::new("game", Builds::default());
    let (_server, rooms) = serve(service.with_limits(Limits { max_rooms: 1, ..Limits::default() }));
    assert_eq!(outcome(&rooms, "a"), Ok("a 0".to_owned()));
    assert_eq!(outcome(&rooms, "b"), Err(AtCapacity));
}

#[test]
fn as_many_calls_wait_for_a_room_as_may_and_no_more() {
    let builds = Builds::default();
    let slow = builds.slow.clone();
    let limits = Limits { inbox_messages: 2, ..Limits::default() };
    let (_server, rooms) = serve(NamedService::new("game", builds).with_limits(limits));
    let waiting = [(); 2].map(|()| call(&rooms, "game", "slow", "").unwrap());
    assert_eq!(outcome(&rooms, "slow"), Err(AtCapacity));
    slow.notify_one();
    for (n, waiting) in waiting.iter().enumerate() {
        assert_eq!(waiting.recv_timeout(PATIENCE).unwrap(), Ok(format!("slow {n}")));
    }
    assert_eq!(outcome(&rooms, "slow"), Ok("slow 2".to_owned()));
}

#[test]
fn a_token_has_to_be_shown_where_one_is_set() {
    let service = NamedService::new("game", Builds::default());
    let (_server, rooms) = serve(service.with_access_token("hunter2".parse().unwrap()));
    for wrong in ["", "hunter"] {
        assert_eq!(call(&rooms, "game", "a", wrong).unwrap_err(), WrongToken);
    }
    let right = call(&rooms, "game", "a", "hunter2").unwrap();
    assert_eq!(right.recv_timeout(PATIENCE).unwrap(), Ok("a 0".to_owned()));
}

#[test]
fn a_server_that_has_stopped_takes_no_calls() {
    let (server, rooms) = serve_default();
    assert!(outcome(&rooms, "a").is_ok());
    server.stop();
    server.wait();
    let refused = outcome(&rooms, "a").unwrap_err();
    assert!(matches!(refused, Ended | UnknownService), "{refused}");
}
