//! A room against a model of what it promises, through whatever may happen to it.

use super::*;
use crate::{JamsocketContext, MessageRecipient};
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
        1 => Just(Happening::Stop),
    ]
}

/// Does what it is told, and keeps what is called.
struct Told {
    context: RoomContext,
    calls: Arc<Mutex<Vec<Callback>>>,
}

impl Told {
    fn note(&self, call: Callback) -> Result<(), ServiceError> {
        self.calls.lock().unwrap().push(call);
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
    received: BTreeMap<ClientId, Vec<String>>,
    timer: Option<Duration>,
    over: bool,
}

impl Model {
    fn send(&mut self, to: impl Fn(ClientId) -> bool, text: &str) {
        for client in self.members.iter().filter(|client| to(**client)) {
            self.received.entry(*client).or_default().push(text.to_owned());
        }
    }

    fn leave(&mut self, client: ClientId) {
        if self.members.remove(&client) {
            self.send(|_| true, &format!("left {client}"));
        }
    }

    fn say(&mut self, client: ClientId, say: Say, text: &str, now: Duration) {
        if !self.members.contains(&client) {
            return;
        }
        match say {
            Say::All => self.send(|_| true, text),
            Say::Others => self.send(|other| other != client, text),
            Say::Me => self.send(|other| other == client, text),
            Say::Timer(0) => self.timer = None,
            Say::Timer(ms) => self.timer = Some(now + Duration::from_millis(ms.into())),
            Say::Panic => (self.over, self.timer) = (true, None),
        }
        if self.over {
            self.members.clear();
        }
    }

    fn stop(&mut self) {
        while let Some(client) = self.members.first().copied() {
            self.leave(client);
        }
        (self.over, self.timer) = (true, None);
    }

    fn pass(&mut self, now: Duration) {
        if self.timer.is_some_and(|due| due <= now) {
            self.timer = None;
            self.send(|_| true, "timer");
        }
    }
}

proptest! {
    #[test]
    fn a_room_keeps_its_promises(happenings in vec(happening(), 1..120)) {
        let calls = Arc::new(Mutex::new(Vec::new()));
        let context = RoomContext::new(Waker::noop().clone());
        context.end_construction().unwrap();
        let told = Told { context: context.clone(), calls: calls.clone() };
        let mut room = Room::new(told, context, ServiceShutdownPolicy::Never);
        let (mut seen, mut model) = (Seen::default(), Model::default());
        let mut everyone = Vec::new();

        for (n, happening) in happenings.into_iter().enumerate() {
            let chosen = |who: usize| everyone.get(who % everyone.len().max(1)).copied();
            let text;
            let input = match happening {
                Happening::Join => {
                    let Some(client) = room.next_client() else { break };
                    prop_assert!(!everyone.contains(&client), "an id is given twice");
                    if !model.over {
                        model.members.insert(client);
                        model.send(|_| true, &format!("joined {client}"));
                    }
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
            prop_assert_eq!(room.deadline(), model.timer);
        }

        // Whoever is not in has departed, and has been told apart from a failure exactly once.
        let calls = calls.lock().unwrap();
        let failed = matches!(room.end(), Some(RoomEnd::Failed { .. }));
        for client in everyone {
            let count = |call: Callback| calls.iter().filter(|made| **made == call).count();
            let connects = count(Callback::Connect(client));
            let disconnects = count(Callback::Disconnect(client));
            let is_in = model.members.contains(&client);
            prop_assert!(connects <= 1 && disconnects <= connects);
            prop_assert!(failed || disconnects == connects - usize::from(is_in));
            prop_assert_eq!(seen.departed.contains(&client), !is_in);
        }
    }
}
