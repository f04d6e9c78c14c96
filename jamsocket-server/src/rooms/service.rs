use super::{
    Event, Inbox, Membership, RoomId, RoomUsage, RoomsUsage, driver,
    inbox::Refused,
    registry::{Claim, Registry},
    room_log::RoomLog,
    room_task::{Handed, RoomTask},
    strategy::RoomIdStrategy,
};
use crate::{
    ServiceActorContext,
    clients::Outbox,
    metrics::{Failure, ServiceMetrics},
    rate::RoomRate,
    settings::ServiceSettings,
};
use jamsocket::{
    BuildError, JamsocketServiceFactory,
    host::{Room, contain_panics},
};
use std::{fmt, net::IpAddr, sync::Arc};
use thiserror::Error;
use tokio::sync::oneshot;

/// How often a generated id may turn out to be taken before there is said to be no free one.
const GENERATE_ATTEMPTS: usize = 64;

/// What the service that has no name is called where it needs to be called something. No name of a
/// service can be like it.
const NAMELESS: &str = "/";

/// The rooms of one service.
pub(crate) struct Rooms {
    /// The service's name, empty for one that is served alone.
    pub(crate) name: String,
    pub(crate) settings: ServiceSettings,
    pub(crate) metrics: Arc<ServiceMetrics>,
    pub(super) registry: Registry,
    rate: RoomRate,
    factory: Arc<dyn SpawnRoom>,
}

/// Why a client is in no room.
#[derive(Debug)]
pub(crate) enum JoinError {
    /// There is no such room, and a join does not make one.
    Unknown,
    /// There is no capacity.
    AtCapacity(UsedUp),
    /// The room was too busy to take it, for as long as a client waits.
    Busy,
    /// The server is stopping.
    Stopping,
    /// The room could not be started.
    Failed(Arc<BuildError>),
}

/// What is used up, so that a room or a client has no place.
#[derive(Debug, Error)]
pub(crate) enum UsedUp {
    /// The rooms of the service.
    #[error("there are as many rooms as there may be")]
    Rooms,
    /// The places in the room.
    #[error("the room has as many clients as it may")]
    Clients,
    /// The rooms that an address may make a second.
    #[error("this address makes too many rooms a second")]
    RoomRate,
    /// The ids that this strategy can make up.
    #[error("hardly any id of the strategy `{0}` is free")]
    Ids(RoomIdStrategy),
    /// What the service's factory says.
    #[error("{0}")]
    Other(String),
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
        let registry = Registry::new(settings.room_id_strategy, settings.limits.clone());
        let rate = RoomRate::new(&settings.limits);
        Arc::new(Self { name, settings, metrics: Arc::default(), registry, rate, factory })
    }

    /// What the service is called in metrics and lists: its name, or `/` where it has none.
    pub(crate) fn label(&self) -> &str {
        if self.name.is_empty() { NAMELESS } else { &self.name }
    }

    /// What the rooms use together.
    pub(crate) fn usage(&self) -> RoomsUsage {
        self.registry.usage()
    }

    /// The rooms, in no order, with what each uses.
    pub(crate) fn list(&self) -> Vec<(RoomId, RoomUsage)> {
        self.registry.list()
    }

    /// Brings a client into the room `id`, which is made where the strategy allows it. Where the room
    /// ends before it takes the client, a fresh one follows.
    pub(crate) async fn join(
        self: &Arc<Self>,
        id: &RoomId,
        outbox: &Arc<Outbox>,
        address: Option<IpAddr>,
    ) -> Result<Membership, JoinError> {
        let joining = async {
            loop {
                let (joined, membership) = oneshot::channel();
                let join = Event::Join(outbox.clone(), joined);
                self.ask(id, self.registry.claim(id), join, Purpose::Join, address)?;
                if let Ok(answer) = membership.await {
                    return answer.map_err(JoinError::from);
                }
            }
        };
        let join_time = self.settings.limits.join_time;
        tokio::time::timeout(join_time, joining).await.unwrap_or(Err(JoinError::Busy))
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
        Err(CreateError::NotStarted(JoinError::AtCapacity(UsedUp::Ids(strategy))))
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
        let (built, outcome) = oneshot::channel();
        self.ask(id, claim, Event::AwaitBuilt(built), Purpose::Create, address)
            .map_err(CreateError::NotStarted)?;
        match outcome.await {
            Ok(built) => built.map_err(|refused| CreateError::NotStarted(refused.into())),
            // It was stopped before it was built.
            Err(_) => Err(CreateError::NotStarted(JoinError::Stopping)),
        }
    }

    /// Gives an event to the room that a claim led to, and has that room built where it is new.
    fn ask(
        self: &Arc<Self>,
        id: &RoomId,
        claim: Claim,
        event: Event,
        purpose: Purpose,
        address: Option<IpAddr>,
    ) -> Result<(), JoinError> {
        match claim {
            Claim::Room(inbox) => inbox.push(event),
            Claim::New(inbox) => {
                let room = RoomToBuild { rooms: self.clone(), id: id.clone(), inbox, purpose };
                if self.rate.exceeded(address) {
                    room.forget_id();
                    return Err(JoinError::AtCapacity(UsedUp::RoomRate));
                }
                room.inbox.push(event);
                self.factory.clone().spawn(room);
            }
            Claim::Unknown => return Err(JoinError::Unknown),
            Claim::Failing(error) => return Err(JoinError::Failed(error)),
            Claim::Full => return Err(JoinError::AtCapacity(UsedUp::Rooms)),
            Claim::Stopping => return Err(JoinError::Stopping),
        }
        Ok(())
    }
}

impl From<Refused> for JoinError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Full => JoinError::AtCapacity(UsedUp::Clients),
            Refused::Unbuilt(error) => match &*error {
                BuildError::AtCapacity(bound) => {
                    JoinError::AtCapacity(UsedUp::Other(bound.clone()))
                }
                _ => JoinError::Failed(error),
            },
        }
    }
}

impl fmt::Debug for Rooms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rooms").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Builds rooms on the current thread, whatever the type of their service.
trait SpawnRoom: Send + Sync {
    fn spawn(self: Arc<Self>, room: RoomToBuild);
}

/// What a room is built for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// Somebody wants to join it.
    Join,
    /// It was asked for by a request, and may wait for its first client.
    Create,
}

/// A room in the registry. However its task ends, the room is forgotten, and those who were about to
/// join it look for another one.
struct RoomToBuild {
    rooms: Arc<Rooms>,
    id: RoomId,
    inbox: Arc<Inbox>,
    purpose: Purpose,
}

impl<F: JamsocketServiceFactory<ServiceActorContext>> SpawnRoom for F {
    fn spawn(self: Arc<Self>, room: RoomToBuild) {
        // A task of its own: the room outlives the request that asked for it.
        let inbox = room.inbox.clone();
        RoomTask::spawn(&inbox, |handed| async move { room.run(&*self, &handed).await });
    }
}

impl RoomToBuild {
    /// Builds the room and drives it to its end.
    async fn run<F>(self, factory: &F, handed: &Handed)
    where
        F: JamsocketServiceFactory<ServiceActorContext>,
    {
        let Self { rooms, id, inbox, purpose } = &self;
        let limits = rooms.settings.limits.sending();
        let context = ServiceActorContext::with_limits(inbox.clone().into(), limits);
        // On its own, as a room is built once and lives long: the two together took 12 KiB a room.
        let built = Box::pin(contain_panics(factory.create(id.as_str(), context.clone()))).await;
        match built.and_then(|service| Ok((service, context.end_construction()?))) {
            Ok((service, ())) => {
                rooms.registry.started(id);
                let room = Room::new(service, context, rooms.settings.shutdown_policy);
                driver::drive(room, rooms, id, inbox, handed, *purpose == Purpose::Join).await;
            }
            Err(error) => {
                RoomLog::new(rooms, id).unbuilt(&context, &error);
                if let Some(failure) = Failure::of_build(&error) {
                    rooms.metrics.build_failures.count(failure);
                }
                self.forget_id();
                let error = Arc::new(error);
                // First, so that who is told of it can try again.
                rooms.registry.start_failed(id, &error);
                inbox.refuse(&error);
            }
        }
    }

    /// Makes the id of a room that was to be created unknown again.
    fn forget_id(&self) {
        if self.purpose == Purpose::Create {
            self.rooms.registry.forget(&self.id);
        }
    }
}

impl Drop for RoomToBuild {
    fn drop(&mut self) {
        // After a failure somebody else may have the id by now; a closed inbox tells them apart.
        if !self.inbox.is_closed() {
            self.rooms.registry.remove(&self.id);
            self.inbox.close();
        }
    }
}
