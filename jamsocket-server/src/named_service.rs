use crate::{
    AccessToken, Limits, RoomIdStrategy, ServiceActorContext, StartError, Swapper,
    rooms::{Code, Rooms},
    settings::ServiceSettings,
};
use jamsocket::{JamsocketServiceFactory, host::ServiceShutdownPolicy};
use std::{fmt, sync::Arc};

/// First parts of a path that a service's name must not hide.
const TAKEN_NAMES: [&str; 5] = ["ws", "status", "new_room", "client", "_"];

/// A service with a name, one of several in a server. Its rooms have nothing to do with those of
/// the others, even where their ids are the same.
///
/// What is not set here is as the [`Server`](crate::Server) has it.
#[derive(Clone)]
pub struct NamedService {
    name: String,
    room_id_strategy: Option<RoomIdStrategy>,
    shutdown_policy: Option<ServiceShutdownPolicy>,
    limits: Option<Limits>,
    access_token: Option<AccessToken>,
    /// Makes the rooms, whatever the factory's type.
    open: Arc<dyn Fn(String, ServiceSettings) -> Arc<Rooms> + Send + Sync>,
}

impl NamedService {
    /// A service at `/{name}/ws/{room}`. The name is of ASCII letters, digits, `-` and `_`; the one
    /// that is empty puts the service at `/ws/{room}`.
    pub fn new<F>(name: impl Into<String>, factory: F) -> Self
    where
        F: JamsocketServiceFactory<ServiceActorContext>,
    {
        Self::swappable(name, factory).0
    }

    /// A service like any other, and what gives its rooms other code while they run.
    pub fn swappable<F>(name: impl Into<String>, factory: F) -> (Self, Swapper<F>)
    where
        F: JamsocketServiceFactory<ServiceActorContext>,
    {
        let code = Code::new(factory);
        let swapper = Swapper::new(code.clone());
        let service = Self {
            name: name.into(),
            room_id_strategy: None,
            shutdown_policy: None,
            limits: None,
            access_token: None,
            open: Arc::new(move |name, settings| Rooms::new(name, settings, &code)),
        };
        (service, swapper)
    }

    /// Whether a service can have this name.
    ///
    /// # Errors
    ///
    /// [`StartError::ServiceName`] where it cannot stand in a path, or is a route of the server's own.
    pub fn check_name(name: &str) -> Result<(), StartError> {
        let usable = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if name.is_empty() || !name.bytes().all(usable) || TAKEN_NAMES.contains(&name) {
            return Err(StartError::ServiceName(name.to_owned()));
        }
        Ok(())
    }

    /// Sets how this service's rooms come to be, and who names them.
    pub fn with_room_id_strategy(mut self, strategy: RoomIdStrategy) -> Self {
        self.room_id_strategy = Some(strategy);
        self
    }

    /// Sets how long this service's empty rooms live.
    pub fn with_shutdown_policy(mut self, policy: ServiceShutdownPolicy) -> Self {
        self.shutdown_policy = Some(policy);
        self
    }

    /// Sets what this service's clients and rooms may use, in place of the server's
    /// [`limits`](crate::Server::limits): all of them but those that concern a server as a whole.
    /// The fields `max_connections`, `request_time`, `write_time` and `stop_time` mean nothing here.
    ///
    /// ```
    /// # use jamsocket::{JamsocketContext, SimpleJamsocketService, SimpleJamsocketServiceFactory};
    /// use jamsocket_server::{Limits, NamedService, Server};
    /// # struct Draw;
    /// # impl SimpleJamsocketService for Draw {
    /// #     fn new(_: &str, _: &impl JamsocketContext) -> Self { Draw }
    /// # }
    ///
    /// let mut server = Server::new();
    /// let limits = Limits { message_bytes: 4 << 20, max_rooms: 100, ..server.limits.clone() };
    /// let draw = NamedService::new("draw", SimpleJamsocketServiceFactory::<Draw, _>::default());
    /// server = server.with_service(draw.with_limits(limits));
    /// ```
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = Some(limits);
        self
    }

    /// Sets what calls from elsewhere on the server have to show, which reach the rooms by
    /// [`ServedRooms`](crate::ServedRooms). Without it they have to show nothing.
    pub fn with_access_token(mut self, token: AccessToken) -> Self {
        self.access_token = Some(token);
        self
    }

    /// The service's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The rooms of this service, none yet, with settings that default to `server`'s.
    pub(crate) fn open(self, server: ServiceSettings) -> Arc<Rooms> {
        let settings = ServiceSettings {
            room_id_strategy: self.room_id_strategy.unwrap_or(server.room_id_strategy),
            shutdown_policy: self.shutdown_policy.unwrap_or(server.shutdown_policy),
            limits: self.limits.map_or(server.limits, |limits| Arc::new(limits.countable())),
            access_token: self.access_token,
            ..server
        };
        (self.open)(self.name, settings)
    }
}

impl fmt::Debug for NamedService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NamedService").field("name", &self.name).finish_non_exhaustive()
    }
}
