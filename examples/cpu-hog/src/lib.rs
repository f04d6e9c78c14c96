//! Keeps the processor busy for as many milliseconds as a message says, then answers.
//!
//! It shows what a room may do to its neighbours, and what becomes of it: a server stops a callback
//! that takes more time than it has, and that room ends. Run it with
//! `jamsocket dev examples/cpu-hog` and connect to ws://localhost:8080/ws/1.

use jamsocket_wasm::prelude::*;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// A room that eats time.
#[jamsocket_wasm]
#[derive(Debug)]
pub struct CpuHog;

impl SimpleJamsocketService for CpuHog {
    fn new(_room_id: &str, _context: &impl JamsocketContext) -> Self {
        CpuHog
    }

    fn message(&mut self, client: ClientId, message: &str, context: &impl JamsocketContext) {
        let answer = match message.parse::<u32>() {
            Ok(ms) => {
                let (rounds, taken) = burn(Duration::from_millis(ms.into()));
                format!("busy for {} ms, {rounds} rounds", taken.as_millis())
            }
            Err(_) => "how long? send a number of milliseconds".to_owned(),
        };
        context.send_message(client, &answer);
    }
}

/// Works for `time` at least. Returns how many rounds that were, and how long they took.
fn burn(time: Duration) -> (u64, Duration) {
    let (begun, mut rounds) = (Instant::now(), 0);
    while begun.elapsed() < time {
        rounds += 1;
        // Reading the clock is a call to the host; most of the time is to be spent in here.
        for i in 0..10_000_u64 {
            black_box(i.wrapping_mul(rounds));
        }
    }
    (rounds, begun.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jamsocket::testing::{Nothing, TestRoom};

    #[test]
    fn it_works_for_as_long_as_it_was_told() {
        let (rounds, taken) = burn(Duration::from_millis(5));
        assert!(rounds > 0 && taken >= Duration::from_millis(5), "{taken:?}");
        assert_eq!(burn(Duration::ZERO).0, 0);
    }

    #[test]
    fn who_asked_is_told_what_it_did_and_who_sends_no_number_is_asked_back() {
        let mut room = TestRoom::<CpuHog>::new("1");
        let (ann, bob) = (room.join(), room.join());
        room.send(ann, "0");
        room.send(ann, "-1");
        let answers = ["busy for 0 ms, 0 rounds", "how long? send a number of milliseconds"];
        assert_eq!(room.received(ann), answers);
        assert_eq!(room.received(bob), Nothing);
    }
}
