use super::{
    Code, Inbox, RoomId, Rooms,
    driver::Driver,
    room_log::RoomLog,
    room_task::{Handed, RoomTask},
};
use crate::{ServiceActorContext, metrics::Failure};
use jamsocket::{BuildError, JamsocketServiceFactory, host::contain_panics};
use std::sync::Arc;

/// Builds rooms on the current thread, whatever the type of their service.
pub(super) trait SpawnRoom: Send + Sync {
    fn spawn(self: Arc<Self>, room: RoomToBuild);
}

/// What a room is built for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Somebody wants to join it, or calls it.
    Use,
    /// It was asked for by a request, and may wait for its first client.
    Create,
}

/// A room in the registry. However its task ends, the room is forgotten, and those who were about to
/// join it look for another one.
pub(super) struct RoomToBuild {
    pub(super) rooms: Arc<Rooms>,
    pub(super) id: RoomId,
    pub(super) inbox: Arc<Inbox>,
    pub(super) purpose: Purpose,
}

impl<F: JamsocketServiceFactory<ServiceActorContext>> SpawnRoom for Code<F> {
    fn spawn(self: Arc<Self>, room: RoomToBuild) {
        // A task of its own: the room outlives the request that asked for it.
        let inbox = room.inbox.clone();
        RoomTask::spawn(&inbox, |handed| async move { room.run(&self, &handed).await });
    }
}

impl RoomToBuild {
    /// Builds the room and drives it to its end.
    async fn run<F>(self, code: &Code<F>, handed: &Handed)
    where
        F: JamsocketServiceFactory<ServiceActorContext>,
    {
        let Self { rooms, id, inbox, purpose } = &self;
        let (version, factory) = code.current();
        // On its own, as a room is built once and lives long: the two together took 12 KiB a room.
        match Box::pin(build(&*factory, rooms, id, inbox)).await {
            Ok(built) => {
                drop(factory);
                rooms.registry.started(id);
                let mut driver = Driver::new(rooms, id, inbox, code, version, built);
                driver.drive(handed, *purpose == Purpose::Use).await;
            }
            Err(error) => {
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
    pub(super) fn forget_id(&self) {
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

/// Builds a service for the room that has this inbox. Where that fails, the log says why.
pub(super) async fn build<F>(
    factory: &F,
    rooms: &Rooms,
    id: &RoomId,
    inbox: &Arc<Inbox>,
) -> Result<(F::Service, ServiceActorContext), BuildError>
where
    F: JamsocketServiceFactory<ServiceActorContext>,
{
    let limits = rooms.settings.limits.sending();
    let context = ServiceActorContext::with_limits(inbox.clone().into(), limits);
    let built = contain_panics(factory.create(id.as_str(), context.clone())).await;
    match built.and_then(|service| Ok((service, context.end_construction()?))) {
        Ok((service, ())) => Ok((service, context)),
        Err(error) => {
            RoomLog::new(rooms, id).unbuilt(&context, &error);
            Err(error)
        }
    }
}
