//! Throws dice: a number N is answered with one from 1 to N, for everyone to see.
//!
//! It shows that any crate that asks its system for randomness gets it in the sandbox too. Run it
//! with `jamsocket dev examples/randomness` and connect to ws://localhost:8080/ws/1.

use jamsocket_wasm::prelude::*;

/// A room with dice.
#[jamsocket_wasm]
#[derive(Debug)]
pub struct Dice;

impl SimpleJamsocketService for Dice {
    fn new(_room_id: &str, _context: &impl JamsocketContext) -> Self {
        Dice
    }

    fn message(&mut self, client: ClientId, message: &str, context: &impl JamsocketContext) {
        match message.parse() {
            Ok(sides @ 1..) => {
                let thrown = throw(sides).to_string();
                context.send_message(MessageRecipient::Broadcast, &thrown);
            }
            _ => context.send_message(client, "how many sides? send a number from 1 on"),
        }
    }
}

/// A number from 1 to `sides`. The remainder of so many bits favours no side by more than 2⁻³².
fn throw(sides: u32) -> u64 {
    let bits = getrandom::u64().expect("the host gives every room randomness");
    bits % u64::from(sides) + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::sync::Mutex;

    #[derive(Default)]
    struct Sent(Mutex<Vec<(MessageRecipient, String)>>);

    impl JamsocketContext for Sent {
        fn send_message(&self, to: impl Into<MessageRecipient>, message: &str) {
            self.0.lock().unwrap().push((to.into(), message.to_owned()));
        }
        fn send_binary(&self, _: impl Into<MessageRecipient>, _: &[u8]) {}
        fn set_timer(&self, _: u32) {}
    }

    fn answer_to(message: &str) -> (MessageRecipient, String) {
        let sent = Sent::default();
        Dice.message(ClientId::from(1), message, &sent);
        sent.0.into_inner().unwrap().remove(0)
    }

    #[test]
    fn every_side_comes_up_and_no_other_number() {
        let thrown: BTreeSet<u64> = (0..1000).map(|_| throw(6)).collect();
        assert_eq!(thrown, BTreeSet::from([1, 2, 3, 4, 5, 6]));
    }

    #[test]
    fn everyone_sees_what_is_thrown() {
        assert_eq!(answer_to("1"), (MessageRecipient::Broadcast, "1".to_owned()));
    }

    #[test]
    fn who_asks_for_no_dice_is_asked_back() {
        for message in ["0", "-1", "six", "", "4294967296"] {
            let (to, text) = answer_to(message);
            assert_eq!(to, ClientId::from(1).into());
            assert!(text.starts_with("how many sides?"), "{text}");
        }
    }
}
