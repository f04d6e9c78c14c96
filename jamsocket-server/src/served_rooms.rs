use crate::{
    rooms::{RoomId, Rooms},
    workers::Workers,
};
use jamsocket::{RoomCall, RoomCallError, RoomCaller};
use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

/// The rooms of a server, for whoever calls them on that server: none, until a server has started that was
/// given this by [`Server::with_served_rooms`](crate::Server::with_served_rooms). Clones are of the same
/// server.
#[derive(Clone, Default)]
pub struct ServedRooms {
    served: Arc<Mutex<Served>>,
}

#[derive(Default)]
struct Served {
    /// What their code is may lead back here.
    services: Vec<Weak<Rooms>>,
    workers: Arc<Workers>,
}

impl ServedRooms {
    /// The rooms of no server yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// From here on these are the rooms.
    pub(crate) fn open(&self, services: &[Arc<Rooms>], workers: &Arc<Workers>) {
        let services = services.iter().map(Arc::downgrade).collect();
        *self.lock() = Served { services, workers: workers.clone() };
    }

    /// The rooms of the service of this name.
    fn service(&self, name: &str) -> Option<(Arc<Rooms>, Arc<Workers>)> {
        let served = self.lock();
        let mut services = served.services.iter().filter_map(Weak::upgrade);
        services.find(|rooms| rooms.name == name).map(|rooms| (rooms, served.workers.clone()))
    }

    fn lock(&self) -> MutexGuard<'_, Served> {
        self.served.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RoomCaller for ServedRooms {
    fn call(
        &self,
        service: &str,
        room: &str,
        token: &str,
        call: Box<dyn RoomCall>,
    ) -> Result<(), RoomCallError> {
        let (rooms, workers) = self.service(service).ok_or(RoomCallError::UnknownService)?;
        if let Some(expected) = &rooms.settings.access_token
            && !expected.is(token)
        {
            return Err(RoomCallError::WrongToken);
        }
        let id = RoomId::named(room).map_err(|_| RoomCallError::UnknownRoom)?;
        rooms.call(id, &workers, call)
    }
}

impl fmt::Debug for ServedRooms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServedRooms").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
