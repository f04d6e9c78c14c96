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
    use jamsocket::testing::{Nothing, TestRoom};
    use std::collections::BTreeSet;

    #[test]
    fn every_side_comes_up_and_no_other_number() {
        let thrown: BTreeSet<u64> = (0..1000).map(|_| throw(6)).collect();
        assert_eq!(thrown, BTreeSet::from([1, 2, 3, 4, 5, 6]));
    }

    #[test]
    fn everyone_sees_what_is_thrown() {
        let mut room = TestRoom::<Dice>::new("1");
        let (ann, bob) = (room.join(), room.join());
        room.send(ann, "1");
        room.send(ann, "4294967295");
        let seen = room.received(ann);
        assert_eq!(seen[0], "1");
        assert!((1..=4_294_967_295).contains(&seen[1].text().parse::<u64>().unwrap()));
        assert_eq!(room.received(bob), seen);
    }

    #[test]
    fn who_asks_for_no_dice_is_asked_back() {
        let mut room = TestRoom::<Dice>::new("1");
        let (ann, bob) = (room.join(), room.join());
        for message in ["0", "-1", "six", "", "4294967296"] {
            room.send(ann, message);
            assert_eq!(room.received(ann), ["how many sides? send a number from 1 on"]);
        }
        assert_eq!(room.received(bob), Nothing);
    }
}
