use super::{Event, RoomId, Rooms};
use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak, mpsc},
};
use thiserror::Error;

/// What the rooms of a service run: the factory that builds them, which can be swapped.
pub(crate) struct Code<F> {
    state: Mutex<State<F>>,
}

struct State<F> {
    /// The number of the factory, which it keeps when it is gone back to.
    version: u64,
    factory: Arc<F>,
    /// What to go back to, until something newer comes.
    before: Option<(u64, Arc<F>)>,
    /// How many factories there were.
    factories: u64,
    /// Those who run it.
    rooms: Vec<Weak<Rooms>>,
}

impl<F> Code<F> {
    pub(crate) fn new(factory: F) -> Arc<Self> {
        let factory = Arc::new(factory);
        let state = State { version: 1, factory, before: None, factories: 1, rooms: Vec::new() };
        Arc::new(Self { state: Mutex::new(state) })
    }

    /// The version that runs, and the factory of its rooms.
    pub(super) fn current(&self) -> (u64, Arc<F>) {
        let state = self.lock();
        (state.version, state.factory.clone())
    }

    /// Notes that these rooms run this code.
    pub(super) fn attach(&self, rooms: &Arc<Rooms>) {
        let mut state = self.lock();
        state.rooms.retain(|rooms| rooms.strong_count() > 0);
        state.rooms.push(Arc::downgrade(rooms));
    }

    fn lock(&self) -> MutexGuard<'_, State<F>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F: Send + Sync + 'static> Code<F> {
    /// Has all rooms run what `factory` builds, those that are there and those that come. Where it
    /// fails in one of them on trial, all go back, and `rolled_back` is told of it.
    pub(crate) fn swap(
        self: &Arc<Self>,
        factory: F,
        rolled_back: impl FnOnce(RolledBack) + Send + 'static,
    ) -> Swapping {
        let (gone_over, swapped) = mpsc::channel();
        let mut state = self.lock();
        let before = std::mem::replace(&mut state.factory, Arc::new(factory));
        state.before = Some((state.version, before));
        state.factories += 1;
        state.version = state.factories;
        let version = state.version;
        let (code, rolled_back) = (self.clone(), Mutex::new(Some(rolled_back)));
        let trial = Trial(Arc::new(move |failure| {
            let told = || rolled_back.lock().unwrap_or_else(PoisonError::into_inner).take();
            if code.roll_back(version)
                && let Some(told) = told()
            {
                told(failure);
            }
        }));
        let order = SwapOrder { version, trial, gone_over };
        state.tell(|| Event::Swap(Box::new(order.clone())));
        Swapping { swapped }
    }

    /// Goes back to what was before this version. Returns whether that is done now: it is not where
    /// the version does not run any more.
    fn roll_back(&self, failed: u64) -> bool {
        let mut state = self.lock();
        if state.version != failed {
            return false;
        }
        let Some((before, factory)) = state.before.take() else { return false };
        (state.version, state.factory) = (before, factory);
        state.tell(|| Event::Restore { failed, before });
        true
    }
}

impl<F> State<F> {
    /// Tells each room. As the state is locked meanwhile, rooms are told in the order of what happens.
    fn tell(&self, event: impl Fn() -> Event) {
        self.rooms.iter().filter_map(Weak::upgrade).for_each(|rooms| rooms.swap(&event));
    }
}

impl<F> fmt::Debug for Code<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Code").field("version", &self.lock().version).finish_non_exhaustive()
    }
}

/// What a room is told of a swap.
#[derive(Clone)]
pub(crate) struct SwapOrder {
    pub(super) version: u64,
    trial: Trial,
    /// There are as many as rooms that have still to go over.
    gone_over: mpsc::Sender<()>,
}

impl SwapOrder {
    /// What to do where the new code fails, even before it runs.
    pub(super) fn trial(&self) -> Trial {
        self.trial.clone()
    }

    /// Notes that a room has gone over.
    pub(super) fn gone_over(self) {
        // Perhaps nobody counts.
        let _ = self.gone_over.send(());
    }
}

impl fmt::Debug for SwapOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SwapOrder").field("version", &self.version).finish_non_exhaustive()
    }
}

/// New code on trial.
#[derive(Clone)]
pub(super) struct Trial(Arc<dyn Fn(RolledBack) + Send + Sync>);

impl Trial {
    /// Has all rooms go back, as the new code has failed in the room `id`.
    pub(super) fn fail(&self, id: &RoomId, reason: impl fmt::Display) {
        (self.0)(RolledBack { room: id.to_string(), reason: reason.to_string() });
    }
}

/// A swap under way: see [`Swapper::swap`](crate::Swapper::swap).
#[derive(Debug)]
pub struct Swapping {
    swapped: mpsc::Receiver<()>,
}

impl Swapping {
    /// Blocks until each room has gone over, or has ended, or cannot go over. Returns how many rooms
    /// have gone over.
    pub fn wait(self) -> usize {
        self.swapped.iter().count()
    }
}

/// New code has failed, and the rooms have gone back to what they ran before.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("in the room `{room}` {reason}")]
pub struct RolledBack {
    /// The room in which it failed first.
    pub room: String,
    /// How it failed, perhaps in several lines.
    pub reason: String,
}
