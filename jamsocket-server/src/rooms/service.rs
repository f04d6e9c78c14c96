use super::{
    Code, Event, Membership, RoomId, RoomUsage, RoomsUsage,
    build::{Purpose, RoomToBuild, SpawnRoom},
    inbox::Refused,
    registry::{Claim, Registry},
    strategy::RoomIdStrategy,
};
use crate::{
    ServiceActorContext, clients::Outbox, metrics::ServiceMetrics, rate::RoomRate,
    settings::ServiceSettings,
};
use jamsocket::{BuildError, JamsocketServiceFactory};
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
    pub(super) code: Arc<dyn SpawnRoom>,
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
    /// The rooms of a service, none yet, which run this code.
    pub(crate) fn new<F>(name: String, settings: ServiceSettings, code: &Arc<Code<F>>) -> Arc<Self>
    where
        F: JamsocketServiceFactory<ServiceActorContext>,
    {
        let registry = Registry::new(settings.room_id_strategy, settings.limits.clone());
        let rate = RoomRate::new(&settings.limits);
        let metrics = Arc::default();
        let rooms = Arc::new(Self { name, settings, metrics, registry, rate, code: code.clone() });
        code.attach(&rooms);
        rooms
    }

    /// What the service is called in metrics and lists: its name, or `/` where it has none.
    pub(crate) fn label(&self) -> &str {
        if self.name.is_empty() { NAMELESS } else { &self.name }
    }

    /// What the paths of the service's routes begin with.
    pub(crate) fn path_prefix(&self) -> String {
        if self.name.is_empty() { String::new() } else { format!("/{}", self.name) }
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
                self.ask(id, self.registry.claim(id), join, Purpose::Use, address)?;
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

    /// Tells each room of other code.
    pub(super) fn swap(&self, event: impl Fn() -> Event) {
        self.registry.swap(event);
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
                self.code.clone().spawn(room);
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
