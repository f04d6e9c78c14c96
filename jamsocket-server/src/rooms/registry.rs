use super::{Event, Inbox, RoomId, known_ids::KnownIds, strategy::RoomIdStrategy};
use crate::Limits;
use jamsocket::BuildError;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::{Notify, watch};

/// Tells everyone who waits for a room how building it ended: `None` until it has.
pub(crate) type Building = watch::Receiver<Option<Built>>;
pub(crate) type BuildTicket = watch::Sender<Option<Built>>;
pub(crate) type Built = Result<Arc<Inbox>, Arc<BuildError>>;

/// Which ids of a service have a room.
#[derive(Debug)]
pub(crate) struct Registry {
    strategy: RoomIdStrategy,
    /// How many rooms there may be.
    max_rooms: usize,
    state: Mutex<State>,
    /// Notified when the last room has ended.
    emptied: Notify,
}

#[derive(Debug)]
struct State {
    rooms: HashMap<RoomId, Slot>,
    known: KnownIds,
    stopping: bool,
}

#[derive(Debug)]
enum Slot {
    Building(Building),
    Running(Arc<Inbox>),
}

/// What there is under an id that somebody wants to join or create.
#[derive(Debug)]
pub(crate) enum Claim {
    /// A room.
    Running(Arc<Inbox>),
    /// A room that somebody else is building.
    Building(Building),
    /// Nothing: whoever claimed it is to build it.
    Build(BuildTicket, Building),
    /// Nothing, and the strategy does not make a room of a join.
    Unknown,
    /// Nothing, and no capacity.
    Full,
    /// Nothing, and the server is stopping.
    Stopping,
}

impl Registry {
    pub(crate) fn new(strategy: RoomIdStrategy, limits: &Limits) -> Self {
        let state = State { rooms: HashMap::new(), known: KnownIds::new(), stopping: false };
        Self {
            strategy,
            max_rooms: limits.max_rooms as usize,
            state: Mutex::new(state),
            emptied: Notify::new(),
        }
    }

    /// Looks up the room that somebody wants to join.
    pub(crate) fn claim(&self, id: &RoomId) -> Claim {
        let mut state = self.lock();
        match state.rooms.get(id) {
            Some(Slot::Running(inbox)) => return Claim::Running(inbox.clone()),
            Some(Slot::Building(building)) => return Claim::Building(building.clone()),
            None => {}
        }
        if self.strategy != RoomIdStrategy::Implicit && !state.known.knows(id) {
            return Claim::Unknown;
        }
        self.begin(&mut state, id)
    }

    /// Makes an id known whose room somebody wants to create. Returns `None` where it is taken: it
    /// has a room, or had one and can have it again.
    pub(crate) fn claim_new(&self, id: &RoomId) -> Option<Claim> {
        let mut state = self.lock();
        if state.rooms.contains_key(id) || state.known.knows(id) {
            return None;
        }
        let claim = self.begin(&mut state, id);
        if matches!(claim, Claim::Build(..)) {
            state.known.remember(id.clone());
        }
        Some(claim)
    }

    /// Takes a room that was built.
    pub(crate) fn insert(&self, id: &RoomId, inbox: Arc<Inbox>) {
        let mut state = self.lock();
        if state.stopping {
            inbox.push(Event::Stop);
        }
        state.rooms.insert(id.clone(), Slot::Running(inbox));
    }

    /// Forgets a room that has ended, so that the next join makes a new one.
    pub(crate) fn remove(&self, id: &RoomId) {
        let mut state = self.lock();
        state.rooms.remove(id);
        if state.rooms.is_empty() {
            self.emptied.notify_waiters();
        }
    }

    /// Forgets a room that could not be built. One that was to be created is unknown again.
    pub(crate) fn remove_unbuilt(&self, id: &RoomId, was_new: bool) {
        if was_new {
            self.lock().known.forget(id);
        }
        self.remove(id);
    }

    /// Tells every room to stop and makes no new ones. Returns when the last one has ended.
    pub(crate) async fn stop(&self) {
        let emptied = self.emptied.notified();
        tokio::pin!(emptied);
        emptied.as_mut().enable();
        {
            let mut state = self.lock();
            state.stopping = true;
            for slot in state.rooms.values() {
                if let Slot::Running(inbox) = slot {
                    inbox.push(Event::Stop);
                }
            }
            if state.rooms.is_empty() {
                return;
            }
        }
        emptied.await;
    }

    /// Reserves an id that has no room for whoever builds one.
    fn begin(&self, state: &mut State, id: &RoomId) -> Claim {
        if state.stopping {
            return Claim::Stopping;
        }
        if state.rooms.len() >= self.max_rooms {
            return Claim::Full;
        }
        let (ticket, building) = watch::channel(None);
        state.rooms.insert(id.clone(), Slot::Building(building.clone()));
        Claim::Build(ticket, building)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registry(strategy: RoomIdStrategy) -> Registry {
        Registry::new(strategy, &Limits { max_rooms: 3, ..Limits::default() })
    }

    fn id(n: usize) -> RoomId {
        RoomId::generated(n.to_string())
    }

    #[test]
    fn two_first_joins_at_once_make_one_room() {
        let registry = registry(RoomIdStrategy::Implicit);
        let first = registry.claim(&id(1));
        assert!(matches!(first, Claim::Build(..)));
        assert!(matches!(registry.claim(&id(1)), Claim::Building(_)));
    }

    #[test]
    fn ancestor_a1_a_room_that_has_ended_is_forgotten_and_the_next_join_makes_a_new_one() {
        let registry = registry(RoomIdStrategy::Implicit);
        registry.claim(&id(1));
        registry.insert(&id(1), Arc::new(Inbox::new(&Limits::default())));
        assert!(matches!(registry.claim(&id(1)), Claim::Running(_)));
        registry.remove(&id(1));
        assert!(matches!(registry.claim(&id(1)), Claim::Build(..)));
    }

    #[test]
    fn a_join_makes_a_room_only_of_a_known_id_unless_rooms_are_implicit() {
        let registry = registry(RoomIdStrategy::Explicit);
        assert!(matches!(registry.claim(&id(1)), Claim::Unknown));
        assert!(matches!(registry.claim_new(&id(1)), Some(Claim::Build(..))));
        assert!(registry.claim_new(&id(1)).is_none());
        registry.remove(&id(1));
        assert!(registry.claim_new(&id(1)).is_none());
        assert!(matches!(registry.claim(&id(1)), Claim::Build(..)));
    }

    #[test]
    fn a_room_that_could_not_be_created_can_be_created_again() {
        let registry = registry(RoomIdStrategy::Explicit);
        registry.claim_new(&id(1));
        registry.remove_unbuilt(&id(1), true);
        assert!(matches!(registry.claim(&id(1)), Claim::Unknown));
        assert!(matches!(registry.claim_new(&id(1)), Some(Claim::Build(..))));
    }

    #[test]
    fn there_are_as_many_rooms_as_there_may_be_and_no_more() {
        let registry = registry(RoomIdStrategy::Implicit);
        for n in 0..3 {
            assert!(matches!(registry.claim(&id(n)), Claim::Build(..)), "{n}");
        }
        assert!(matches!(registry.claim(&id(3)), Claim::Full));
        registry.remove(&id(0));
        assert!(matches!(registry.claim(&id(3)), Claim::Build(..)));
    }
}
