use crate::{ServiceActorContext, rooms::Inbox};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    mem,
    ops::RangeInclusive,
    sync::{Arc, Mutex, MutexGuard, Weak},
    time::Duration,
};
use tokio::time::Instant;

/// What the scripted service has seen, and what follows from that for its clients.
///
/// It is the model: what is called has to be in order, and what clients receive has to be just what
/// was sent while they were in.
#[derive(Debug, Default, Clone)]
pub(super) struct Journal(Arc<Mutex<Entries>>);

#[derive(Debug, Default)]
pub(super) struct Entries {
    /// Each room that was ever built, or was about to be, in this order.
    pub(super) lives: Vec<Life>,
    /// How the rooms of an id are built.
    pub(super) plans: HashMap<String, Plan>,
    /// When starts of an id's rooms failed, since the last that did not.
    failed_starts: HashMap<String, Vec<Instant>>,
    /// When an id's rooms failed to start, and when they were to be left alone.
    in_vain: HashMap<String, Vec<RangeInclusive<Instant>>>,
    /// Ids for which there ever was no capacity.
    pub(super) ever_full: BTreeSet<String>,
    /// What should never have happened.
    pub(super) broken: Vec<String>,
}

/// How a room is built.
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum Plan {
    #[default]
    Good,
    Slow(Duration),
    Fails,
    Declined,
    NoCapacity,
    SendsTooMuch,
}

/// One room, from the moment when its factory was called.
#[derive(Debug)]
pub(super) struct Life {
    pub(super) id: String,
    pub(super) inbox: Weak<Inbox>,
    /// For sends from outside of callbacks. Gone when the room is over.
    pub(super) context: Option<ServiceActorContext>,
    pub(super) over: bool,
    pub(super) failed: bool,
    /// Whether a callback, or the factory, is running.
    pub(super) busy: bool,
    pub(super) members: BTreeSet<u32>,
    /// The most members that there were at once.
    pub(super) most_members: usize,
    pub(super) connects: BTreeSet<u32>,
    pub(super) disconnects: BTreeSet<u32>,
    /// The numbers of the messages that each client's callbacks were called with.
    pub(super) heard: BTreeMap<u32, Vec<u32>>,
    /// What each client is to receive.
    pub(super) sent: BTreeMap<u32, Vec<String>>,
    pub(super) timer: Option<Instant>,
}

impl Journal {
    pub(super) fn lock(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap()
    }

    /// Notes that the factory was called. Returns the room's number and how to build it.
    pub(super) fn begin(&self, id: &str, inbox: Option<Weak<Inbox>>) -> (usize, Plan) {
        let mut entries = self.lock();
        let number = entries.lives.len();
        let inbox = inbox.unwrap_or_else(|| {
            entries.broken.push(format!("room {number} is built and not registered"));
            Weak::new()
        });
        if entries.lives.iter().any(|life| life.id == id && !life.over) {
            entries.broken.push(format!("there are two rooms {id} at once"));
        }
        let now = Instant::now();
        if entries.in_vain(id).any(|time| now < *time.end()) {
            entries.broken.push(format!("room {id} is built while it is to be left alone"));
        }
        entries.lives.push(Life::new(id, inbox));
        (number, entries.plans.get(id).copied().unwrap_or_default())
    }

    /// Notes that a room could not be built.
    pub(super) fn unbuilt(&self, number: usize, plan: Plan) {
        let mut entries = self.lock();
        let life = &mut entries.lives[number];
        life.over = true;
        let id = life.id.clone();
        if matches!(plan, Plan::NoCapacity) {
            entries.ever_full.insert(id);
        } else {
            let now = Instant::now();
            let starts = entries.failed_starts.entry(id.clone()).or_default();
            starts.push(now);
            let too_many = matches!(starts[..], [.., first, _, _, _, last]
                if last - first < Duration::from_secs(10));
            let until = if too_many { now + Duration::from_secs(1) } else { now };
            entries.in_vain.entry(id).or_default().push(now..=until);
        }
    }

    /// Notes that a room was built.
    pub(super) fn built(&self, number: usize, context: ServiceActorContext) {
        let mut entries = self.lock();
        let life = &mut entries.lives[number];
        life.busy = false;
        life.context = Some(context);
        let id = life.id.clone();
        entries.failed_starts.remove(&id);
    }

    /// Changes what is known of a room.
    pub(super) fn note<T>(&self, number: usize, change: impl FnOnce(&mut Life) -> T) -> T {
        change(&mut self.lock().lives[number])
    }

    /// Notes what should not have happened.
    pub(super) fn broken(&self, what: String) {
        self.lock().broken.push(what);
    }

    /// What should not have happened so far.
    pub(super) fn take_broken(&self) -> Vec<String> {
        mem::take(&mut self.lock().broken)
    }
}

impl Entries {
    /// When a join of this id was to be answered that it could not be started.
    pub(super) fn in_vain(&self, id: &str) -> impl Iterator<Item = &RangeInclusive<Instant>> {
        self.in_vain.get(id).into_iter().flatten()
    }
}

impl Life {
    fn new(id: &str, inbox: Weak<Inbox>) -> Self {
        Self {
            id: id.to_owned(),
            inbox,
            context: None,
            over: false,
            failed: false,
            busy: true,
            members: BTreeSet::new(),
            most_members: 0,
            connects: BTreeSet::new(),
            disconnects: BTreeSet::new(),
            heard: BTreeMap::new(),
            sent: BTreeMap::new(),
            timer: None,
        }
    }

    /// Whether a callback, or the factory, is running.
    pub(super) fn is_busy(&self) -> bool {
        self.busy && !self.over
    }

    /// Notes a message to these members.
    pub(super) fn send(&mut self, text: &str, to: impl Fn(u32) -> bool) {
        for client in self.members.iter().filter(|client| to(**client)) {
            self.sent.entry(*client).or_default().push(text.to_owned());
        }
    }
}
