use super::{
    Event, Inbox, Membership, RoomId, driver,
    registry::{BuildTicket, Building, Built, Claim, Registry},
    room_log::RoomLog,
    strategy::RoomIdStrategy,
};
use crate::{ServiceActorContext, clients::Outbox, rate::RoomRate, settings::ServiceSettings};
use jamsocket::{BuildError, JamsocketServiceFactory, host::contain_panics};
use std::{fmt, net::IpAddr, sync::Arc};
use tokio::sync::oneshot;

/// How often a generated id may turn out to be taken before there is said to be no free one.
const GENERATE_ATTEMPTS: usize = 64;

/// The rooms of one service.
pub(crate) struct Rooms {
    /// The service's name, empty for one that is served alone.
    pub(crate) name: String,
    pub(crate) settings: ServiceSettings,
    registry: Registry,
    rate: RoomRate,
    factory: Box<dyn SpawnRoom>,
}

/// Why a client is in no room.
#[derive(Debug)]
pub(crate) enum JoinError {
    /// There is no such room, and a join does not make one.
    Unknown,
    /// There is no capacity; the text names what is used up.
    AtCapacity(String),
    /// The server is stopping.
    Stopping,
    /// The room could not be started.
    Failed(Arc<BuildError>),
}

/// Why a room was not created.
#[derive(Debug)]
pub(crate) enum CreateError {
    /// The strategy names rooms in another way.
    WrongStrategy(RoomIdStrategy),
    /// The id is taken.
    Exists,
    /// It could not be started, for the same reasons as when a join makes it.
    NotStarted(JoinError),
}

impl Rooms {
    pub(crate) fn new<F>(name: String, settings: ServiceSettings, factory: Arc<F>) -> Arc<Self>
    where
        F: JamsocketServiceFactory<ServiceActorContext>,
    {
        let registry = Registry::new(settings.room_id_strategy, &settings.limits);
        let rate = RoomRate::new(&settings.limits);
        Arc::new(Self { name, settings, registry, rate, factory: Box::new(Native(factory)) })
    }

    /// Brings a client into the room `id`, which is made where the strategy allows it.
    ///
    /// A room that ends meanwhile is waited for and followed by a fresh one.
    pub(crate) async fn join(
        self: &Arc<Self>,
        id: &RoomId,
        outbox: &Arc<Outbox>,
        address: Option<IpAddr>,
    ) -> Result<Membership, JoinError> {
        loop {
            let room = self.started(id, self.registry.claim(id), false, address).await?;
            let (joined, membership) = oneshot::channel();
            room.push(Event::Join(outbox.clone(), joined));
            match membership.await {
                Ok(Some(membership)) => return Ok(membership),
                Ok(None) => {
                    let full = "the room has as many clients as it may".to_owned();
                    return Err(JoinError::AtCapacity(full));
                }
                // The room has ended without it.
                Err(_) => continue,
            }
        }
    }

    /// Creates the room `id` by request.
    pub(crate) async fn create(
        self: &Arc<Self>,
        id: &RoomId,
        address: Option<IpAddr>,
    ) -> Result<(), CreateError> {
        match self.settings.room_id_strategy {
            RoomIdStrategy::Explicit => self.create_new(id, address).await,
            other => Err(CreateError::WrongStrategy(other)),
        }
    }

    /// Creates a room under an id that the server makes up.
    pub(crate) async fn generate(
        self: &Arc<Self>,
        address: Option<IpAddr>,
    ) -> Result<RoomId, CreateError> {
        let strategy = self.settings.room_id_strategy;
        for _ in 0..GENERATE_ATTEMPTS {
            let id = strategy.generate().ok_or(CreateError::WrongStrategy(strategy))?;
            let id = RoomId::generated(id);
            match self.create_new(&id, address).await {
                Ok(()) => return Ok(id),
                Err(CreateError::Exists) => continue,
                Err(error) => return Err(error),
            }
        }
        let used_up = format!("hardly any id of the strategy `{strategy}` is free");
        Err(CreateError::NotStarted(JoinError::AtCapacity(used_up)))
    }

    /// Ends every room and makes no new ones. Returns when the last one has ended.
    pub(crate) async fn stop(&self) {
        self.registry.stop().await;
    }

    async fn create_new(
        self: &Arc<Self>,
        id: &RoomId,
        address: Option<IpAddr>,
    ) -> Result<(), CreateError> {
        let claim = self.registry.claim_new(id).ok_or(CreateError::Exists)?;
        self.started(id, claim, true, address).await.map_err(CreateError::NotStarted)?;
        Ok(())
    }

    /// The room that a claim led to, once it is there.
    async fn started(
        self: &Arc<Self>,
        id: &RoomId,
        claim: Claim,
        is_new: bool,
        address: Option<IpAddr>,
    ) -> Result<Arc<Inbox>, JoinError> {
        let mut building = match claim {
            Claim::Running(room) => return Ok(room),
            Claim::Building(building) => building,
            Claim::Build(ticket, building) if self.rate.exceeded(address) => {
                let too_many = "this address makes too many rooms a second".to_owned();
                self.registry.remove_unbuilt(id, is_new);
                ticket.send_replace(Some(Err(Arc::new(BuildError::AtCapacity(too_many)))));
                building
            }
            Claim::Build(ticket, building) => {
                self.factory.spawn(RoomToBuild {
                    rooms: self.clone(),
                    id: id.clone(),
                    is_new,
                    ticket,
                });
                building
            }
            Claim::Unknown => return Err(JoinError::Unknown),
            Claim::Full => {
                return Err(JoinError::AtCapacity(
                    "there are as many rooms as there may be".into(),
                ));
            }
            Claim::Stopping => return Err(JoinError::Stopping),
        };
        match built(&mut building).await {
            Some(Ok(room)) => Ok(room),
            Some(Err(error)) => match &*error {
                BuildError::AtCapacity(bound) => Err(JoinError::AtCapacity(bound.clone())),
                _ => Err(JoinError::Failed(error)),
            },
            // Whoever built it was dropped with its thread: the server is at its end.
            None => Err(JoinError::Stopping),
        }
    }
}

async fn built(building: &mut Building) -> Option<Built> {
    building.wait_for(Option::is_some).await.ok()?.clone()
}

impl fmt::Debug for Rooms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rooms").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Builds rooms on the current thread, whatever the type of their service.
trait SpawnRoom: Send + Sync {
    fn spawn(&self, room: RoomToBuild);
}

struct RoomToBuild {
    rooms: Arc<Rooms>,
    id: RoomId,
    /// Whether it is created by request rather than by a join.
    is_new: bool,
    ticket: BuildTicket,
}

struct Native<F>(Arc<F>);

impl<F: JamsocketServiceFactory<ServiceActorContext>> SpawnRoom for Native<F> {
    fn spawn(&self, room: RoomToBuild) {
        let factory = self.0.clone();
        // A task of its own: the room outlives the request that asked for it.
        actix_web::rt::spawn(async move { room.run(&*factory).await });
    }
}

impl RoomToBuild {
    /// Builds the room and drives it to its end.
    async fn run<F: JamsocketServiceFactory<ServiceActorContext>>(self, factory: &F) {
        let Self { rooms, id, is_new, ticket } = self;
        let inbox = Arc::new(Inbox::new(&rooms.settings.limits));
        let context =
            ServiceActorContext::with_limits(inbox.clone().into(), rooms.settings.limits.sending());
        let born = tokio::time::Instant::now();
        let service = match contain_panics(factory.create(id.as_str(), context.clone())).await {
            Ok(service) => service,
            Err(error) => {
                RoomLog::new(&rooms, &id).unbuilt(&context, &error);
                rooms.registry.remove_unbuilt(&id, is_new);
                ticket.send_replace(Some(Err(Arc::new(error))));
                return;
            }
        };
        let running = Running { rooms: &rooms, id: &id, inbox: &inbox };
        rooms.registry.insert(&id, inbox.clone());
        ticket.send_replace(Some(Ok(inbox.clone())));
        driver::drive(&rooms, &id, &inbox, context, service, born).await;
        drop(running);
    }
}

/// A room in the registry. However its task ends, the room is forgotten, and those who were about to
/// join it look for another one.
struct Running<'a> {
    rooms: &'a Rooms,
    id: &'a RoomId,
    inbox: &'a Inbox,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.rooms.registry.remove(self.id);
        self.inbox.close();
    }
}
