use crate::{RolledBack, ServiceActorContext, Swapping, rooms::Code};
use jamsocket::JamsocketServiceFactory;
use std::{fmt, sync::Arc};

/// Gives a service's rooms other code while they run and their clients stay connected. It comes from
/// [`NamedService::swappable`](crate::NamedService::swappable). Clones are of the same service.
///
/// ```
/// # use jamsocket::{JamsocketContext, SimpleJamsocketService, SimpleJamsocketServiceFactory};
/// # use jamsocket_server::{NamedService, Server};
/// # struct Draw;
/// # impl SimpleJamsocketService for Draw {
/// #     fn new(_: &str, _: &impl JamsocketContext) -> Self { Draw }
/// # }
/// # fn version_2() -> SimpleJamsocketServiceFactory<Draw, jamsocket_server::ServiceActorContext> {
/// #     SimpleJamsocketServiceFactory::default()
/// # }
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let version_1 = SimpleJamsocketServiceFactory::<Draw, _>::default();
/// let (draw, swapper) = NamedService::swappable("draw", version_1);
/// let server = Server::new().with_port(0).with_service(draw).start_services()?;
///
/// let swapping = swapper.swap(version_2(), |back| eprintln!("back at version 1: {back}"));
/// println!("{} rooms run version 2", swapping.wait());
/// # Ok(())
/// # }
/// ```
pub struct Swapper<F> {
    code: Arc<Code<F>>,
}

impl<F> Swapper<F> {
    pub(crate) fn new(code: Arc<Code<F>>) -> Self {
        Self { code }
    }
}

impl<F: JamsocketServiceFactory<ServiceActorContext>> Swapper<F> {
    /// Has rooms that are made from now on run what `factory` builds, and each room that is there go
    /// over to it, at the end of what it does at the moment. A room that goes over has its service
    /// dropped for a fresh one, which sees a `connect` for each client that is in; their ids stay.
    ///
    /// For its first three callbacks in such a room, and the `connect`s of all who are in, the new
    /// service is on trial. Where it fails in one of them, or cannot be built, the whole service goes
    /// back, and `rolled_back` is called, once at most, on whatever thread: each room on trial goes on
    /// with the service that it had, its state and its timer; rooms that were through with their trial
    /// get a fresh one of the code before.
    ///
    /// A swap that comes while rooms are on trial ends that trial: what runs then is what is gone back
    /// to.
    pub fn swap(
        &self,
        factory: F,
        rolled_back: impl FnOnce(RolledBack) + Send + 'static,
    ) -> Swapping {
        self.code.swap(factory, rolled_back)
    }
}

impl<F> Clone for Swapper<F> {
    fn clone(&self) -> Self {
        Self { code: self.code.clone() }
    }
}

impl<F> fmt::Debug for Swapper<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Swapper").field("code", &self.code).finish()
    }
}
