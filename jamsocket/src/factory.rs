use crate::{JamsocketContext, JamsocketService, ServiceError};
use std::{error::Error, fmt};

/// Builds the services of rooms: one factory serves all rooms of a service.
///
/// Hosts call [`create`](Self::create). Implement it, or the plainer [`build`](Self::build) where
/// building neither waits nor fails with a reason.
pub trait JamsocketServiceFactory<C: JamsocketContext>: Send + Sync + 'static {
    /// What this factory builds.
    type Service: JamsocketService;

    /// Builds the service of the room `room_id`, or declines with `None`. The default declines.
    fn build(&self, room_id: &str, context: C) -> Option<Self::Service> {
        let _ = (room_id, context);
        None
    }

    /// Builds the service of the room `room_id`. The default calls [`build`](Self::build).
    ///
    /// # Errors
    ///
    /// Says why there is no room: see [`BuildError`].
    fn create(
        &self,
        room_id: &str,
        context: C,
    ) -> impl Future<Output = Result<Self::Service, BuildError>> + Send {
        async move { self.build(room_id, context).ok_or(BuildError::Declined) }
    }
}

/// Why a room could not be built.
#[derive(Debug)]
#[non_exhaustive]
pub enum BuildError {
    /// [`JamsocketServiceFactory::build`] returned `None`.
    Declined,
    /// There is no room for another room now; later there may be. The text names the bound.
    AtCapacity(String),
    /// Building failed, and would fail again: the service trapped or panicked as it started.
    Failed(Box<dyn Error + Send + Sync>),
}

impl BuildError {
    /// A [`BuildError::Failed`] with this cause.
    pub fn failed(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        BuildError::Failed(cause.into())
    }
}

/// A service whose constructor failed could not be built.
impl From<ServiceError> for BuildError {
    fn from(error: ServiceError) -> Self {
        BuildError::failed(error)
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BuildError::Declined => f.write_str("the service declined to open this room"),
            BuildError::AtCapacity(bound) => write!(f, "no capacity for another room: {bound}"),
            BuildError::Failed(_) => f.write_str("the room could not be started"),
        }
    }
}

impl Error for BuildError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            BuildError::Failed(cause) => Some(cause.as_ref()),
            _ => None,
        }
    }
}
