use super::{
    Event, Inbox, RoomId, RoomUsage,
    failures::{Failures, Report},
    known_ids::KnownIds,
    strategy::RoomIdStrategy,
};
use crate::Limits;
use jamsocket::BuildError;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{sync::Notify, time::Instant};

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
    failures: Failures,
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
    /// Nothing, as its rooms fail to start again and again: it is left alone for now.
    Failing(Arc<BuildError>),
    /// Nothing, and no capacity.
    Full,
    /// Nothing, and the server is stopping.
    Stopping,
}

/// What all rooms of a service use together.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RoomsUsage {
    pub(crate) rooms: u64,
    pub(crate) clients: u64,
    pub(crate) memory_bytes: u64,
}

impl Registry {
    pub(crate) fn new(strategy: RoomIdStrategy, limits: Arc<Limits>) -> Self {
        let state = State {
            rooms: HashMap::new(),
            known: KnownIds::new(),
            failures: Failures::new(limits.backoff_time),
            stopping: false,
        };
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

    /// Notes that a room was built.
    pub(crate) fn started(&self, id: &RoomId) {
        self.lock().failures.started(id);
    }

    /// Forgets a room that could not be built, so that the next join tries again: at once, or after
    /// a while where that keeps happening.
    pub(crate) fn start_failed(&self, id: &RoomId, error: &Arc<BuildError>) {
        self.lock().failures.start_failed(id, error, Instant::now());
        self.remove(id);
    }

    /// Counts a failure of a room. Returns `None` where it is not to be written to the log.
    pub(super) fn report(&self, id: &RoomId) -> Option<Report> {
        self.lock().failures.report(id, Instant::now())
    }

    /// Until when nothing of a room is written to the log, as rooms of this id failed too often.
    pub(super) fn muted_until(&self, id: &RoomId) -> Option<Instant> {
        self.lock().failures.muted_until(id, Instant::now())
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

    /// What the rooms use now.
    pub(crate) fn usage(&self) -> RoomsUsage {
        let now = Instant::now();
        let mut sum = RoomsUsage::default();
        for inbox in self.lock().rooms.values() {
            let room = inbox.status.read(now);
            sum.rooms += 1;
            sum.clients += room.clients as u64;
            sum.memory_bytes += room.memory_bytes as u64;
        }
        sum
    }

    /// The rooms, in no order, with what each uses now.
    pub(crate) fn list(&self) -> Vec<(RoomId, RoomUsage)> {
        let now = Instant::now();
        let state = self.lock();
        state.rooms.iter().map(|(id, inbox)| (id.clone(), inbox.status.read(now))).collect()
    }

    /// Tells each room of other code. What failed before may run with it.
    pub(super) fn swap(&self, event: impl Fn() -> Event) {
        let inboxes: Vec<_> = {
            let mut state = self.lock();
            state.failures = Failures::new(self.limits.backoff_time);
            state.rooms.values().cloned().collect()
        };
        inboxes.iter().for_each(|inbox| inbox.push(event()));
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

    /// The inbox of a room that is there.
    #[cfg(test)]
    pub(super) fn inbox(&self, id: &str) -> Option<Arc<Inbox>> {
        self.lock().rooms.get(&RoomId::generated(id.to_owned())).cloned()
    }

    /// How many rooms there are.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.lock().rooms.len()
    }

    /// Adds a room for whoever is to build it.
    fn begin(&self, state: &mut State, id: &RoomId) -> Claim {
        if state.stopping {
            return Claim::Stopping;
        }
        if let Some(error) = state.failures.left_alone(id, Instant::now()) {
            return Claim::Failing(error);
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
    use crate::rooms::RoomWork;

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
    fn what_the_rooms_use_adds_up_until_they_end() {
        let registry = registry(RoomIdStrategy::Implicit);
        for (n, clients) in [(1, 2), (2, 3)] {
            let Claim::New(inbox) = registry.claim(&id(n)) else { panic!() };
            inbox.status.publish(clients, 10 * n, RoomWork::default(), Instant::now());
        }
        let both = RoomsUsage { rooms: 2, clients: 5, memory_bytes: 30 };
        assert_eq!(registry.usage(), both);
        registry.remove(&id(1));
        let listed: Vec<_> =
            registry.list().iter().map(|(id, room)| (id.to_string(), room.clients)).collect();
        assert_eq!(listed, [("2".to_owned(), 3)]);
        let one = RoomsUsage { rooms: 1, clients: 3, memory_bytes: 20 };
        assert_eq!(registry.usage(), one);
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
