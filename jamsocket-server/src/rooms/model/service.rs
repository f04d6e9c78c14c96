use super::journal::{Journal, Life, Plan};
use crate::{ServiceActorContext, rooms::Rooms};
use jamsocket::{
    BuildError, ClientId, JamsocketContext, JamsocketService, JamsocketServiceFactory,
    MessageRecipient, ServiceError,
};
use std::{
    sync::{Arc, Mutex, Weak},
    time::Duration,
};
use tokio::time::{Instant, sleep};

/// Builds rooms as the journal's plans say, and keeps the journal.
#[derive(Debug, Default, Clone)]
pub(super) struct Script {
    pub(super) journal: Journal,
    pub(super) rooms: Arc<Mutex<Weak<Rooms>>>,
}

impl JamsocketServiceFactory<ServiceActorContext> for Script {
    type Service = Scripted;

    async fn create(&self, id: &str, context: ServiceActorContext) -> Result<Scripted, BuildError> {
        let rooms = self.rooms.lock().unwrap().upgrade().expect("the rooms are there");
        let inbox = rooms.registry.inbox(id).as_ref().map(Arc::downgrade);
        let (number, plan) = self.journal.begin(id, inbox);
        match plan {
            Plan::Good => {}
            Plan::Slow(time) => sleep(time).await,
            Plan::Fails => {
                self.journal.unbuilt(number, plan);
                return Err(BuildError::failed("told to"));
            }
            Plan::Declined => {
                self.journal.unbuilt(number, plan);
                return Err(BuildError::Declined);
            }
            Plan::NoCapacity => {
                self.journal.unbuilt(number, plan);
                return Err(BuildError::AtCapacity("the script is full".to_owned()));
            }
            Plan::SendsTooMuch => {
                self.journal.unbuilt(number, plan);
                for _ in 0..=rooms.settings.limits.callback_messages {
                    context.send_message(MessageRecipient::Broadcast, "");
                }
                // It is dropped, and not told of any client.
                return Ok(Scripted { number, context, journal: self.journal.clone() });
            }
        }
        self.journal.built(number, context.clone());
        Ok(Scripted { number, context, journal: self.journal.clone() })
    }
}

/// A room that does what its messages say, each `NUMBER WHAT`.
#[derive(Debug)]
pub(super) struct Scripted {
    number: usize,
    context: ServiceActorContext,
    journal: Journal,
}

impl Scripted {
    /// Runs one callback: `change` tells the journal what it does, and returns what is wrong with
    /// that it is called at all.
    fn call(&self, what: &str, change: impl FnOnce(&mut Life) -> bool) {
        let (failed, over, right) =
            self.journal.note(self.number, |life| (life.failed, life.over, change(life)));
        if failed || over || !right {
            self.journal.broken(format!("room {} must not be told `{what}`", self.number));
        }
    }

    /// Sends to those members, and has the journal expect it.
    fn send(&self, recipient: MessageRecipient, text: &str) {
        self.context.send_message(recipient, text);
        self.journal.note(self.number, |life| {
            life.send(text, |client| match recipient {
                MessageRecipient::Broadcast => true,
                MessageRecipient::EveryoneExcept(other) => ClientId::from(client) != other,
                MessageRecipient::Client(one) => ClientId::from(client) == one,
            });
        });
    }
}

impl JamsocketService for Scripted {
    async fn connect(&mut self, client: ClientId) -> Result<(), ServiceError> {
        let id = u32::from(client);
        self.call(&format!("connect {id}"), |life| {
            life.members.insert(id);
            life.most_members = life.most_members.max(life.members.len());
            life.connects.insert(id)
        });
        self.send(client.into(), &format!("you are {} {id}", self.number));
        self.send(MessageRecipient::Broadcast, &format!("joined {id}"));
        Ok(())
    }

    async fn disconnect(&mut self, client: ClientId) -> Result<(), ServiceError> {
        let id = u32::from(client);
        self.call(&format!("disconnect {id}"), |life| {
            life.members.remove(&id) && life.disconnects.insert(id)
        });
        self.send(MessageRecipient::Broadcast, &format!("left {id}"));
        Ok(())
    }

    async fn message(&mut self, client: ClientId, message: &str) -> Result<(), ServiceError> {
        let id = u32::from(client);
        let words: Vec<_> = message.split(' ').collect();
        let ms = || words[2].parse::<u32>().unwrap();
        self.call(&format!("message {id}"), |life| {
            life.heard.entry(id).or_default().push(words[0].parse().unwrap());
            life.members.contains(&id)
        });
        match words[1] {
            "all" => self.send(MessageRecipient::Broadcast, message),
            "others" => self.send(MessageRecipient::EveryoneExcept(client), message),
            "me" => self.send(client.into(), message),
            "timer" => {
                self.context.set_timer(ms());
                let due = Instant::now() + Duration::from_millis(ms().into());
                self.journal.note(self.number, |life| {
                    life.timer = (ms() > 0).then_some(due);
                });
            }
            "sleep" => {
                self.journal.note(self.number, |life| life.busy = true);
                sleep(Duration::from_millis(ms().into())).await;
                self.journal.note(self.number, |life| life.busy = false);
                self.send(MessageRecipient::Broadcast, message);
            }
            _ => {
                self.context.send_message(MessageRecipient::Broadcast, "never sent");
                self.journal.note(self.number, |life| life.failed = true);
                return Err(ServiceError::Trapped("told to".to_owned()));
            }
        }
        Ok(())
    }

    async fn binary(&mut self, _: ClientId, _: &[u8]) -> Result<(), ServiceError> {
        Ok(())
    }

    async fn timer(&mut self) -> Result<(), ServiceError> {
        self.call("timer", |life| life.timer.take().is_some_and(|due| due <= Instant::now()));
        self.send(MessageRecipient::Broadcast, "timer");
        Ok(())
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.journal.note(self.number, |life| {
            life.over = true;
            life.context = None;
        });
    }
}
