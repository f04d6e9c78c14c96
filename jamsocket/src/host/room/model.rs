//! A room against a model of what it promises, through whatever may happen to it.

use super::*;
use crate::{JamsocketContext, LogLevel, MessageRecipient, host::Message};
use proptest::{collection::vec, prelude::*};
use std::{
    collections::{BTreeMap, BTreeSet},
    pin::pin,
    sync::{Arc, Mutex},
    task::{Context, Waker},
};

/// What may happen. A client is chosen by its place among all that ever joined, so that those who
/// have left say something too.
#[derive(Debug, Clone)]
enum Happening {
    Join,
    Leave(usize),
    Say(usize, Say),
    Pass(u64),
    /// A new service comes, which fails after so many callbacks.
    Swap(u32),
    /// The same, and it is not on trial.
    Replace(u32),
    Trust,
    Restore,
    Stop,
}

#[derive(Debug, Clone, Copy)]
enum Say {
    All,
    Others,
    Me,
    Timer(u32),
    Panic,
}

fn happening() -> impl Strategy<Value = Happening> {
    let say = prop_oneof![
        4 => Just(Say::All),
        2 => Just(Say::Others),
        2 => Just(Say::Me),
        2 => (0_u32..50).prop_map(Say::Timer),
        1 => Just(Say::Panic),
    ];
    prop_oneof![
        6 => Just(Happening::Join),
        4 => any::<usize>().prop_map(Happening::Leave),
        20 => (any::<usize>(), say).prop_map(|(who, say)| Happening::Say(who, say)),
        6 => (0_u64..40).prop_map(Happening::Pass),
        2 => (0_u32..12).prop_map(Happening::Swap),
        1 => (0_u32..12).prop_map(Happening::Replace),
        1 => Just(Happening::Trust),
        1 => Just(Happening::Restore),
        1 => Just(Happening::Stop),
    ]
}

/// The services of a room, by their numbers, and what was called of each.
type Calls = Arc<Mutex<Vec<(usize, Callback)>>>;

/// Does what it is told, and keeps what is called.
struct Told {
    number: usize,
    callbacks_left: u32,
    context: RoomContext,
    calls: Calls,
}

impl Told {
    fn new(number: usize, callbacks_left: u32, calls: &Calls) -> (Self, RoomContext) {
        let context = RoomContext::new(Waker::noop().clone());
        context.end_construction().unwrap();
        let (kept, calls) = (context.clone(), calls.clone());
        (Self { number, callbacks_left, context, calls }, kept)
    }

    fn note(&mut self, call: Callback) -> Result<(), ServiceError> {
        self.calls.lock().unwrap().push((self.number, call));
        let left = self.callbacks_left.checked_sub(1);
        self.callbacks_left = left.ok_or(ServiceError::Panicked("as planned".to_owned()))?;
        Ok(())
    }
}

impl JamsocketService for Told {
    async fn connect(&mut self, client: ClientId) -> Result<(), ServiceError> {
        self.context.send_message(MessageRecipient::Broadcast, &format!("joined {client}"));
        self.note(Callback::Connect(client))
    }

    async fn disconnect(&mut self, client: ClientId) -> Result<(), ServiceError> {
        self.context.send_message(MessageRecipient::Broadcast, &format!("left {client}"));
        self.note(Callback::Disconnect(client))
    }

    async fn message(&mut self, client: ClientId, message: &str) -> Result<(), ServiceError> {
        self.note(Callback::Message(client))?;
        match message.split_once(' ').unwrap_or((message, "")) {
            ("others", _) => {
                self.context.send_message(MessageRecipient::EveryoneExcept(client), message);
            }
            ("me", _) => self.context.send_message(client, message),
            ("timer", ms) => self.context.set_timer(ms.parse().unwrap()),
            ("panic", _) => {
                self.context.send_message(MessageRecipient::Broadcast, message);
                return Err(ServiceError::Panicked("told to".to_owned()));
            }
            _ => self.context.send_message(MessageRecipient::Broadcast, message),
        }
        Ok(())
    }

    async fn binary(&mut self, _: ClientId, _: &[u8]) -> Result<(), ServiceError> {
        Ok(())
    }

    async fn timer(&mut self) -> Result<(), ServiceError> {
        self.context.send_message(MessageRecipient::Broadcast, "timer");
        self.note(Callback::Timer)
    }
}

/// What each client has received, in order, and who has departed.
#[derive(Default)]
struct Seen {
    now: Duration,
    received: BTreeMap<ClientId, Vec<String>>,
    departed: BTreeSet<ClientId>,
}

impl RoomHost<()> for Seen {
    fn now(&mut self) -> Duration {
        self.now
    }

    fn deliver<'a>(
        &mut self,
        message: Message,
        recipients: impl Iterator<Item = (ClientId, &'a ())>,
    ) {
        let text = String::from_utf8(message.payload().to_vec()).unwrap();
        for (client, ()) in recipients {
            self.received.entry(client).or_default().push(text.clone());
        }
    }

    fn log(&mut self, _: LogLevel, _: &str) {}

    fn depart(&mut self, client: ClientId, (): (), _: Departure) {
        assert!(self.departed.insert(client), "{client} departs twice");
    }
}

/// What the room promises, said a second time and more simply.
#[derive(Default)]
struct Model {
    members: BTreeSet<ClientId>,
    /// Who is in and has not met the service that runs.
    waiting: BTreeSet<ClientId>,
    received: BTreeMap<ClientId, Vec<String>>,
    running: Running,
    before: Option<Before>,
    over: bool,
}

#[derive(Default, Clone, Copy)]
struct Running {
    number: usize,
    callbacks_left: u32,
    timer: Option<Duration>,
}

/// The service to go back to, whom it has met, and for how many callbacks more.
struct Before {
    running: Running,
    met: BTreeSet<ClientId>,
    trial: u32,
}

impl Model {
    fn send(&mut self, to: impl Fn(ClientId) -> bool, text: &str) {
        for client in self.members.iter().filter(|client| to(**client)) {
            self.received.entry(*client).or_default().push(text.to_owned());
        }
    }

    /// A callback that does this, unless the service fails.
    fn call(&mut self, what: impl FnOnce(&mut Self)) {
        if self.over {
            return;
        }
        if self.running.callbacks_left == 0 {
            return self.fail();
        }
        self.running.callbacks_left -= 1;
        what(self);
        if let Some(before) = &mut self.before {
            before.trial = before.trial.saturating_sub(1);
            if before.trial == 0 && self.waiting.is_empty() {
                self.before = None;
            }
        }
    }

    fn fail(&mut self) {
        if self.before.is_none() {
            self.over = true;
            self.running.timer = None;
            self.waiting.clear();
            return self.members.clear();
        }
        self.restore();
    }

    fn restore(&mut self) {
        let Some(Before { running, met, .. }) = self.before.take() else { return };
        self.running = running;
        self.members.append(&mut self.waiting);
        (self.members, self.waiting) =
            self.members.iter().partition(|&client| met.contains(client));
        for client in
            met.into_iter().filter(|client| !self.members.contains(client)).collect::<Vec<_>>()
        {
            self.call(|model| model.send(|_| true, &format!("left {client}")));
        }
        self.meet();
    }

    fn meet(&mut self) {
        while let Some(client) = self.waiting.pop_first() {
            self.members.insert(client);
            self.call(|model| model.send(|_| true, &format!("joined {client}")));
        }
    }

    fn swap(&mut self, number: usize, callbacks_left: u32, trial: u32) {
        if self.over {
            return;
        }
        let (running, met) = (self.running, self.members.clone());
        self.before = (trial > 0).then_some(Before { running, met, trial });
        self.running = Running { number, callbacks_left, timer: None };
        self.waiting = std::mem::take(&mut self.members);
        self.meet();
    }

    fn join(&mut self, client: ClientId) {
        if !self.over {
            self.members.insert(client);
            self.call(|model| model.send(|_| true, &format!("joined {client}")));
        }
    }

    fn leave(&mut self, client: ClientId) {
        if self.members.remove(&client) {
            self.call(|model| model.send(|_| true, &format!("left {client}")));
        }
    }

    fn say(&mut self, client: ClientId, say: Say, text: &str, now: Duration) {
        if !self.members.contains(&client) {
            return;
        }
        if matches!(say, Say::Panic) {
            // It fails in one way or the other.
            return self.fail();
        }
        self.call(|model| match say {
            Say::All => model.send(|_| true, text),
            Say::Others => model.send(|other| other != client, text),
            Say::Me => model.send(|other| other == client, text),
            Say::Timer(0) => model.running.timer = None,
            Say::Timer(ms) => model.running.timer = Some(now + Duration::from_millis(ms.into())),
            Say::Panic => unreachable!("it is dealt with above"),
        });
    }

    fn stop(&mut self) {
        while let Some(client) = self.members.first().copied() {
            self.leave(client);
        }
        self.over = true;
        self.before = None;
        self.running.timer = None;
    }

    fn pass(&mut self, now: Duration) {
        if self.running.timer.is_some_and(|due| due <= now) {
            self.running.timer = None;
            self.call(|model| model.send(|_| true, "timer"));
        }
    }
}

proptest! {
    #[test]
    fn a_room_keeps_its_promises(happenings in vec(happening(), 1..120)) {
        let calls = Calls::default();
        let (told, context) = Told::new(0, u32::MAX, &calls);
        let mut room = Room::new(told, context, ServiceShutdownPolicy::Never);
        let mut model = Model::default();
        model.running.callbacks_left = u32::MAX;
        let mut seen = Seen::default();
        let mut everyone = Vec::new();

        for (n, happening) in happenings.into_iter().enumerate() {
            let chosen = |who: usize| everyone.get(who % everyone.len().max(1)).copied();
            let text;
            let input = match happening {
                Happening::Join => {
                    let Some(client) = room.next_client() else { break };
                    prop_assert!(!everyone.contains(&client), "an id is given twice");
                    model.join(client);
                    everyone.push(client);
                    Input::Join(client, ())
                }
                Happening::Leave(who) => {
                    let Some(client) = chosen(who) else { continue };
                    model.leave(client);
                    Input::Leave(client)
                }
                Happening::Say(who, say) => {
                    let Some(client) = chosen(who) else { continue };
                    text = match say {
                        Say::All => format!("all {n}"),
                        Say::Others => format!("others {n}"),
                        Say::Me => format!("me {n}"),
                        Say::Timer(ms) => format!("timer {ms}"),
                        Say::Panic => "panic".to_owned(),
                    };
                    model.say(client, say, &text, seen.now);
                    Input::Text(client, &text)
                }
                Happening::Pass(ms) => {
                    seen.now += Duration::from_millis(ms);
                    model.pass(seen.now);
                    Input::Wake
                }
                Happening::Swap(callbacks) => {
                    model.swap(n + 1, callbacks, 3);
                    let (told, context) = Told::new(n + 1, callbacks, &calls);
                    Input::Swap(Box::new(told), context)
                }
                Happening::Replace(callbacks) => {
                    model.swap(n + 1, callbacks, 0);
                    let (told, context) = Told::new(n + 1, callbacks, &calls);
                    Input::Replace(Box::new(told), context)
                }
                Happening::Trust => {
                    model.before = None;
                    Input::Trust
                }
                Happening::Restore => {
                    model.restore();
                    Input::Restore
                }
                Happening::Stop => {
                    model.stop();
                    Input::Stop
                }
            };
            {
                let handling = pin!(room.handle(input, &mut seen));
                prop_assert!(handling.poll(&mut Context::from_waker(Waker::noop())).is_ready());
            }
            prop_assert_eq!(&seen.received, &model.received);
            prop_assert_eq!(room.clients(), model.members.len());
            prop_assert_eq!(room.end().is_some(), model.over);
            prop_assert_eq!(room.deadline(), model.running.timer);
            prop_assert_eq!(room.on_trial(), model.before.is_some());
        }

        // Whoever is not in has departed, and no service has been told of anybody twice. The one that
        // runs has been told of everybody.
        let calls = calls.lock().unwrap();
        let failed = matches!(room.end(), Some(RoomEnd::Failed { .. }));
        let numbers: BTreeSet<usize> = calls.iter().map(|(number, _)| *number).collect();
        for client in everyone {
            let is_in = model.members.contains(&client);
            prop_assert_eq!(seen.departed.contains(&client), !is_in);
            for number in &numbers {
                let count = |call| calls.iter().filter(|made| **made == (*number, call)).count();
                let connects = count(Callback::Connect(client));
                let disconnects = count(Callback::Disconnect(client));
                prop_assert!(connects <= 1 && disconnects <= connects);
                if *number == model.running.number && !failed {
                    prop_assert_eq!(disconnects, connects - usize::from(is_in));
                }
            }
        }
    }
}
