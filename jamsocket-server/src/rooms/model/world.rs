use super::{
    Happening, Say,
    creates::Creates,
    guest::{Guest, Outcome, Place},
    journal::Plan,
    service::Script,
};
use crate::{
    Limits, RoomIdStrategy,
    clients::Outbox,
    rooms::{Code, RoomId, Rooms},
    settings::ServiceSettings,
};
use jamsocket::{JamsocketContext as _, MessageRecipient, host::ServiceShutdownPolicy};
use std::{
    cell::Cell,
    rc::Rc,
    sync::{Arc, Weak},
    time::Duration,
};
use tokio::{
    task::spawn_local,
    time::{Instant, sleep, timeout},
};

/// The names that rooms may have, one more than there may be rooms.
pub(super) const NAMES: [&str; 4] = ["a", "b", "c", "d"];

/// Which of them are chosen, as often as they are here.
const CHOSEN: [usize; 8] = [0, 0, 0, 0, 1, 1, 2, 3];

/// Among how many clients one is chosen: of those who came long ago, most have left.
const NEWEST: usize = 12;

pub(super) const MAX_ROOMS: u32 = 3;
pub(super) const MAX_CLIENTS: u32 = 6;
pub(super) const JOIN_TIME: Duration = Duration::from_millis(300);

/// Longer than anything takes that was begun.
const QUIET: Duration = Duration::from_secs(60);

/// The rooms of a service, and all who have to do with them.
pub(super) struct World {
    rooms: Arc<Rooms>,
    script: Script,
    strategy: RoomIdStrategy,
    policy: ServiceShutdownPolicy,
    guests: Vec<Guest>,
    creates: Creates,
    /// Whether the rooms have been told to stop.
    stopping: Rc<Cell<bool>>,
    outboxes: Vec<Weak<Outbox>>,
}

impl World {
    /// Rooms of these kinds, each of which is built in its way until that is changed.
    pub(super) fn new(
        strategy: RoomIdStrategy,
        policy: ServiceShutdownPolicy,
        plans: [Plan; NAMES.len()],
    ) -> Self {
        let limits = Limits {
            inbox_messages: 8,
            outbox_messages: 12,
            callback_messages: 8,
            max_rooms: MAX_ROOMS,
            max_clients: MAX_CLIENTS,
            join_time: JOIN_TIME,
            ..Limits::default()
        };
        let settings = ServiceSettings {
            room_id_strategy: strategy,
            shutdown_policy: policy,
            heartbeat_interval: Duration::ZERO,
            heartbeat_timeout: Duration::ZERO,
            limits: Arc::new(limits),
            playground: None,
            access_token: None,
        };
        let script = Script::default();
        let named = NAMES.map(str::to_owned).into_iter().zip(plans);
        script.journal.lock().plans.extend(named);
        let rooms = Rooms::new("model".to_owned(), settings, &Code::new(script.clone()));
        *script.rooms.lock().unwrap() = Arc::downgrade(&rooms);
        Self {
            rooms,
            script,
            strategy,
            policy,
            guests: Vec::new(),
            creates: Creates::new(strategy),
            stopping: Rc::default(),
            outboxes: Vec::new(),
        }
    }

    pub(super) async fn happen(&mut self, happening: Happening) {
        let name = |room: usize| NAMES[CHOSEN[room % CHOSEN.len()]];
        match happening {
            Happening::Join { room, reads } => self.join(name(room), reads),
            Happening::Go(who) => self.guest(who, Guest::go),
            Happening::Say(who, say) => self.guest(who, |guest| {
                guest.say(&match say {
                    Say::All => "all".to_owned(),
                    Say::Others => "others".to_owned(),
                    Say::Me => "me".to_owned(),
                    Say::Timer(ms) => format!("timer {ms}"),
                    Say::Sleep(ms) => format!("sleep {ms}"),
                    Say::Fail => "fail".to_owned(),
                });
            }),
            Happening::Shout(room) => self.shout(name(room)),
            Happening::Create(room) => self.create(name(room)),
            Happening::Plan(room, plan) => {
                self.script.journal.lock().plans.insert(name(room).to_owned(), plan);
            }
            Happening::Pass(time) => self.pass(time).await,
            Happening::Stop => {
                let rooms = self.rooms.clone();
                self.stopping.set(true);
                spawn_local(async move { rooms.stop().await });
            }
        }
    }

    /// Lets everything come to its end, and returns all that was not as promised.
    pub(super) async fn end(mut self) -> Vec<String> {
        self.pass(QUIET).await;
        self.check_guests();
        self.guests.iter_mut().for_each(Guest::go);
        self.pass(QUIET).await;
        self.check_quiet_rooms();
        if timeout(QUIET, self.rooms.stop()).await.is_err() {
            self.broken("the rooms do not stop");
        }
        self.pass(QUIET).await;
        if self.rooms.registry.len() > 0 {
            self.broken("the registry has a room after the end");
        }
        self.check_lives();
        self.check_guests();
        self.guests.clear();
        if self.outboxes.iter().any(|outbox| outbox.strong_count() > 0) {
            self.broken("an outbox leaks");
        }
        if Arc::strong_count(&self.rooms) != 1 {
            self.broken("something holds on to the rooms");
        }
        self.script.journal.take_broken()
    }

    fn join(&mut self, name: &'static str, reads: bool) {
        let outbox = Arc::new(Outbox::new(&self.rooms.settings.limits, &self.rooms.metrics));
        self.outboxes.push(Arc::downgrade(&outbox));
        let (rooms, journal) = (self.rooms.clone(), self.script.journal.clone());
        let (given, stopping) = (outbox.clone(), self.stopping.clone());
        let since = Instant::now();
        let outcome = spawn_local(async move {
            let answer = rooms.join(&id(name), &given, None).await;
            let busy = journal.lock().lives.iter().any(|life| life.id == name && life.is_busy());
            Outcome {
                after: since.elapsed(),
                stopping: stopping.get(),
                busy,
                rooms: rooms.registry.len(),
                answer,
            }
        });
        let too_late = self.stopping.get();
        self.guests.push(Guest::new(name.to_owned(), outbox, outcome, reads, too_late));
    }

    fn create(&mut self, name: &'static str) {
        let rooms = self.rooms.clone();
        let outcome = spawn_local(async move {
            let outcome = rooms.create(&id(name), None).await;
            (Instant::now(), outcome)
        });
        self.creates.add(name, outcome);
    }

    /// Sends from outside of callbacks. While one runs, what is sent would be part of it.
    fn shout(&self, name: &str) {
        let mut entries = self.script.journal.lock();
        let mut lives = entries.lives.iter_mut();
        if let Some(life) = lives.find(|life| life.id == name && !life.over && !life.is_busy()) {
            life.send("shout", |_| true);
            let context = life.context.clone();
            drop(entries);
            context.expect("it is built").send_message(MessageRecipient::Broadcast, "shout");
        }
    }

    fn guest(&mut self, who: usize, act: impl FnOnce(&mut Guest)) {
        if let Some(guest) = self.guests.iter_mut().rev().take(NEWEST).nth(who % NEWEST) {
            act(guest);
        }
    }

    async fn pass(&mut self, time: Duration) {
        sleep(time).await;
        let mut wrong = Vec::new();
        self.creates.learn().await;
        for guest in &mut self.guests {
            wrong.extend(guest.learn(&self.script.journal, &self.creates).await.err());
            if guest.reads {
                guest.read();
            }
        }
        wrong.iter().for_each(|what| self.broken(what));
    }

    /// What holds of every client when nothing happens.
    fn check_guests(&mut self) {
        let stopped = self.stopping.get();
        let mut entries = self.script.journal.lock();
        for guest in &mut self.guests {
            guest.read();
            let wrong = guest.check(&entries, stopped).err();
            entries.broken.extend(wrong);
        }
    }

    /// What holds when nothing more happens and nobody is in.
    fn check_quiet_rooms(&self) {
        let all_left = match self.policy {
            ServiceShutdownPolicy::Never => false,
            // A room that was created waits for its first client.
            ServiceShutdownPolicy::Immediate => self.strategy == RoomIdStrategy::Implicit,
            ServiceShutdownPolicy::AfterSeconds(_) => true,
        };
        if all_left && self.rooms.registry.len() > 0 {
            self.broken("an empty room stays");
        }
        if self.guests.iter().any(|guest| matches!(guest.place, Place::Joining(_))) {
            self.broken("somebody waits for ever");
        }
        let mut broken = self.creates.check();
        for life in self.script.journal.lock().lives.iter().filter(|life| !life.over) {
            if !life.members.is_empty() || life.is_busy() || life.timer.is_some() {
                broken.push(format!("a quiet room is not quiet: {life:?}"));
            }
        }
        broken.iter().for_each(|what| self.broken(what));
    }

    /// What holds of every room that has been.
    fn check_lives(&self) {
        let mut broken = Vec::new();
        let entries = self.script.journal.lock();
        for (number, life) in entries.lives.iter().enumerate() {
            if !life.over || life.inbox.strong_count() > 0 {
                broken.push(format!("room {number} leaks"));
            }
            if !life.failed && life.connects != life.disconnects {
                broken.push(format!("room {number} has no disconnect for each connect: {life:?}"));
            }
        }
        drop(entries);
        broken.iter().for_each(|what| self.broken(what));
    }

    fn broken(&self, what: &str) {
        self.script.journal.broken(what.to_owned());
    }
}

fn id(name: &str) -> RoomId {
    RoomId::generated(name.to_owned())
}
