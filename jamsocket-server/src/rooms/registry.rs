use super::{Event, Inbox, RoomId, known_ids::KnownIds, strategy::RoomIdStrategy};
use crate::Limits;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;

/// Which ids of a service have a room. A room is here from the moment when somebody asks for it, so
/// that two who do at once ask for one, and until it has ended.
#[derive(Debug)]
pub(crate) struct Registry {
    strategy: RoomIdStrategy,
    limits: Arc<Limits>,
    state: Mutex<State>,
    /// Notified when the last room has ended.
    emptied: Notify,
}

#[derive(Debug)]
struct State {
    rooms: HashMap<RoomId, Arc<Inbox>>,
    known: KnownIds,
    stopping: bool,
}

/// What there is under an id that somebody wants to join or create.
#[derive(Debug)]
pub(crate) enum Claim {
    /// A room, or one that somebody else is building.
    Room(Arc<Inbox>),
    /// Nothing, till now: whoever claimed it is to build it, and to remove it at its end.
    New(Arc<Inbox>),
    /// Nothing, and the strategy does not make a room of a join.
    Unknown,
    /// Nothing, and no capacity.
    Full,
    /// Nothing, and the server is stopping.
    Stopping,
}

impl Registry {
    pub(crate) fn new(strategy: RoomIdStrategy, limits: Arc<Limits>) -> Self {
        let state = State { rooms: HashMap::new(), known: KnownIds::new(), stopping: false };
        Self { strategy, limits, state: Mutex::new(state), emptied: Notify::new() }
    }

    /// Looks up the room that somebody wants to join.
    pub(crate) fn claim(&self, id: &RoomId) -> Claim {
        let mut state = self.lock();
        // Asked first, as that counts as a use: an id whose room is joined is not forgotten.
        let known = self.strategy == RoomIdStrategy::Implicit || state.known.knows(id);
        match state.rooms.get(id) {
            Some(inbox) => Claim::Room(inbox.clone()),
            None if known => self.begin(&mut state, id),
            None => Claim::Unknown,
        }
    }

    /// Makes an id known whose room somebody wants to create. Returns `None` where it is taken: it
    /// has a room, or had one and can have it again.
    pub(crate) fn claim_new(&self, id: &RoomId) -> Option<Claim> {
        let mut state = self.lock();
        if state.rooms.contains_key(id) || state.known.knows(id) {
            return None;
        }
        let claim = self.begin(&mut state, id);
        if matches!(claim, Claim::New(_)) {
            state.known.remember(id.clone());
        }
        Some(claim)
    }

    /// Forgets a room that has ended, so that the next join makes a new one.
    pub(crate) fn remove(&self, id: &RoomId) {
        let mut state = self.lock();
        state.rooms.remove(id);
        if state.rooms.is_empty() {
            self.emptied.notify_waiters();
        }
    }

    /// Makes an id unknown again whose room was to be created and could not be.
    pub(crate) fn forget(&self, id: &RoomId) {
        self.lock().known.forget(id);
    }

    /// Tells every room to stop and makes no new ones. Returns when the last one has ended.
    pub(crate) async fn stop(&self) {
        let emptied = self.emptied.notified();
        tokio::pin!(emptied);
        emptied.as_mut().enable();
        {
            let mut state = self.lock();
            state.stopping = true;
            for inbox in state.rooms.values() {
                inbox.push(Event::Stop);
            }
            if state.rooms.is_empty() {
                return;
            }
        }
        emptied.await;
    }

    /// Adds a room for whoever is to build it.
    fn begin(&self, state: &mut State, id: &RoomId) -> Claim {
        if state.stopping {
            return Claim::Stopping;
        }
        if state.rooms.len() >= self.limits.max_rooms as usize {
            return Claim::Full;
        }
        let inbox = Arc::new(Inbox::new(&self.limits));
        state.rooms.insert(id.clone(), inbox.clone());
        Claim::New(inbox)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registry(strategy: RoomIdStrategy) -> Registry {
        Registry::new(strategy, Arc::new(Limits { max_rooms: 3, ..Limits::default() }))
    }

    fn id(n: usize) -> RoomId {
        RoomId::generated(n.to_string())
    }

    #[test]
    fn two_first_joins_at_once_make_one_room() {
        let registry = registry(RoomIdStrategy::Implicit);
        assert!(matches!(registry.claim(&id(1)), Claim::New(_)));
        assert!(matches!(registry.claim(&id(1)), Claim::Room(_)));
    }

    #[test]
    fn ancestor_a1_a_room_that_has_ended_is_forgotten_and_the_next_join_makes_a_new_one() {
        let registry = registry(RoomIdStrategy::Implicit);
        registry.claim(&id(1));
        registry.remove(&id(1));
        assert!(matches!(registry.claim(&id(1)), Claim::New(_)));
    }

    #[test]
    fn a_join_makes_a_room_only_of_a_known_id_unless_rooms_are_implicit() {
        let registry = registry(RoomIdStrategy::Explicit);
        assert!(matches!(registry.claim(&id(1)), Claim::Unknown));
        assert!(matches!(registry.claim_new(&id(1)), Some(Claim::New(_))));
        assert!(registry.claim_new(&id(1)).is_none());
        registry.remove(&id(1));
        assert!(registry.claim_new(&id(1)).is_none());
        assert!(matches!(registry.claim(&id(1)), Claim::New(_)));
    }

    #[test]
    fn a_room_that_could_not_be_created_can_be_created_again() {
        let registry = registry(RoomIdStrategy::Explicit);
        registry.claim_new(&id(1));
        registry.forget(&id(1));
        registry.remove(&id(1));
        assert!(matches!(registry.claim(&id(1)), Claim::Unknown));
        assert!(matches!(registry.claim_new(&id(1)), Some(Claim::New(_))));
    }

    #[test]
    fn an_id_whose_room_is_joined_is_not_forgotten() {
        let registry = registry(RoomIdStrategy::Explicit);
        registry.lock().known = KnownIds::with_capacity(2);
        registry.claim_new(&id(1));
        registry.claim_new(&id(2));
        registry.claim(&id(1));
        registry.claim_new(&id(3));
        registry.remove(&id(1));
        assert!(matches!(registry.claim(&id(1)), Claim::New(_)));
    }

    #[test]
    fn there_are_as_many_rooms_as_there_may_be_and_no_more() {
        let registry = registry(RoomIdStrategy::Implicit);
        for n in 0..3 {
            assert!(matches!(registry.claim(&id(n)), Claim::New(_)), "{n}");
        }
        assert!(matches!(registry.claim(&id(3)), Claim::Full));
        registry.remove(&id(0));
        assert!(matches!(registry.claim(&id(3)), Claim::New(_)));
    }
}
