use crate::{RoomIdStrategy, ServiceActorContext, rooms::Rooms, settings::ServiceSettings};
use jamsocket::{JamsocketServiceFactory, host::ServiceShutdownPolicy};
use std::{fmt, sync::Arc};

/// A service with a name, one of several in a server. Its rooms have nothing to do with those of
/// the others, even where their ids are the same.
///
/// What is not set here is as the [`Server`](crate::Server) has it.
#[derive(Clone)]
pub struct NamedService {
    name: String,
    room_id_strategy: Option<RoomIdStrategy>,
    shutdown_policy: Option<ServiceShutdownPolicy>,
    /// Makes the rooms, whatever the factory's type.
    open: Arc<dyn Fn(String, ServiceSettings) -> Arc<Rooms> + Send + Sync>,
}

impl NamedService {
    /// A service at `/{name}/ws/{room}`. The name is of ASCII letters, digits, `-` and `_`.
    pub fn new<F>(name: impl Into<String>, factory: F) -> Self
    where
        F: JamsocketServiceFactory<ServiceActorContext>,
    {
        let factory = Arc::new(factory);
        Self {
            name: name.into(),
            room_id_strategy: None,
            shutdown_policy: None,
            open: Arc::new(move |name, settings| Rooms::new(name, settings, factory.clone())),
        }
    }

    /// The service that is served at `/ws/{room}`.
    pub(crate) fn alone<F>(factory: F) -> Self
    where
        F: JamsocketServiceFactory<ServiceActorContext>,
    {
        Self::new("", factory)
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

    /// The service's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The rooms of this service, none yet, with settings that default to `server`'s.
    pub(crate) fn open(self, server: ServiceSettings) -> Arc<Rooms> {
        let settings = ServiceSettings {
            room_id_strategy: self.room_id_strategy.unwrap_or(server.room_id_strategy),
            shutdown_policy: self.shutdown_policy.unwrap_or(server.shutdown_policy),
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
