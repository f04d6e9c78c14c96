//! A chat room with names.
//!
//! `/nick NAME` changes a name, `/who` lists who is here; anything else is said to everyone. Run it
//! with `jamsocket dev` in the package's folder and open http://localhost:8080/ twice, or
//! http://localhost:8080/#kitchen for the room `kitchen`. The page is `static/index.html`.

use jamsocket_wasm::prelude::*;
use std::collections::BTreeMap;

/// The names of those in one room.
#[jamsocket_wasm]
#[derive(Debug)]
pub struct Chat(BTreeMap<ClientId, String>);

impl SimpleJamsocketService for Chat {
    fn new(_room_id: &str, _context: &impl JamsocketContext) -> Self {
        Chat(BTreeMap::new())
    }

    fn connect(&mut self, client: ClientId, context: &impl JamsocketContext) {
        let name = format!("guest{client}");
        context.send_message(client, &format!("you are {name}; /nick NAME changes that"));
        let joined = format!("{name} is here");
        context.send_message(MessageRecipient::EveryoneExcept(client), &joined);
        self.0.insert(client, name);
    }

    fn message(&mut self, client: ClientId, message: &str, context: &impl JamsocketContext) {
        if message == "/who" {
            let names: Vec<&str> = self.0.values().map(String::as_str).collect();
            context.send_message(client, &format!("here are {}", names.join(", ")));
            return;
        }
        let line = match message.strip_prefix("/nick ").map(str::trim) {
            Some(nick) if nick.is_empty() || self.0.values().any(|name| name == nick) => {
                context.send_message(client, &format!("the name {nick:?} is not free"));
                return;
            }
            Some(nick) => match self.0.insert(client, nick.to_owned()) {
                Some(before) => format!("{before} is now {nick}"),
                None => format!("{nick} is here"),
            },
            None => match self.0.get(&client) {
                Some(name) => format!("{name}: {message}"),
                None => return,
            },
        };
        context.send_message(MessageRecipient::Broadcast, &line);
    }

    fn disconnect(&mut self, client: ClientId, context: &impl JamsocketContext) {
        if let Some(name) = self.0.remove(&client) {
            context.send_message(MessageRecipient::Broadcast, &format!("{name} has left"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jamsocket::testing::TestRoom;

    #[test]
    fn names_are_given_changed_listed_and_taken_only_once() {
        let mut room = TestRoom::<Chat>::new("lobby");
        let (ann, bob) = (room.join(), room.join());
        let hint = "you are guest1; /nick NAME changes that";
        assert_eq!(room.received(ann), [hint, "guest2 is here"]);
        assert_eq!(room.received(bob).len(), 1);
        for line in ["/nick ann", "hello", "/who"] {
            room.send(ann, line);
        }
        let heard = ["guest1 is now ann", "ann: hello", "here are ann, guest2"];
        assert_eq!(room.received(ann), heard);
        assert_eq!(room.received(bob), heard[..2]);

        room.send(bob, "/nick ann");
        room.leave(ann);
        room.send(bob, "/nick ann");
        let refused = "the name \"ann\" is not free";
        let heard = [refused, "ann has left", "guest2 is now ann"];
        assert_eq!(room.received(bob), heard);
    }
}
