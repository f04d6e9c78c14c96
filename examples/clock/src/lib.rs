//! Tells everyone each second how long the room has been open: timers, and a clock in the sandbox.
//!
//! Run it with `jamsocket dev examples/clock` and connect to ws://localhost:8080/ws/1.

use jamsocket_wasm::prelude::*;
use std::time::{Duration, Instant};

/// When one room was opened, and how many are in it.
#[jamsocket_wasm]
#[derive(Debug)]
pub struct Clock {
    opened: Instant,
    clients: u32,
}

impl SimpleJamsocketService for Clock {
    fn new(_room_id: &str, _context: &impl JamsocketContext) -> Self {
        Clock { opened: Instant::now(), clients: 0 }
    }

    fn connect(&mut self, _client: ClientId, context: &impl JamsocketContext) {
        self.clients += 1;
        if self.clients == 1 {
            context.set_timer(to_next_second(self.opened.elapsed()));
        }
    }

    fn disconnect(&mut self, _client: ClientId, context: &impl JamsocketContext) {
        self.clients -= 1;
        if self.clients == 0 {
            context.set_timer(0);
        }
    }

    fn timer(&mut self, context: &impl JamsocketContext) {
        let open = self.opened.elapsed();
        context.send_message(MessageRecipient::Broadcast, &face(open));
        context.set_timer(to_next_second(open));
    }
}

/// Milliseconds until another second is full: 1 to 1000. To count them from now, rather than to ask
/// for 1000 each time, keeps the clock from falling behind.
fn to_next_second(open: Duration) -> u32 {
    1000 - open.subsec_millis()
}

fn face(open: Duration) -> String {
    let seconds = open.as_secs();
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    format!("{hours}:{minutes:02}:{:02}", seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jamsocket::testing::TestRoom;

    #[test]
    fn the_clock_ticks_on_full_seconds() {
        let delays = [0, 1, 999, 1000, 1001].map(|ms| to_next_second(Duration::from_millis(ms)));
        assert_eq!(delays, [1000, 999, 1, 1000, 999]);
        let faces = [0, 59, 60, 3599, 36_000].map(|s| face(Duration::from_secs(s)));
        assert_eq!(faces, ["0:00:00", "0:00:59", "0:01:00", "0:59:59", "10:00:00"]);
    }

    #[test]
    fn it_runs_while_anyone_is_in() {
        let mut room = TestRoom::<Clock>::new("1");
        assert_eq!(room.deadline(), None);
        let (ann, bob) = (room.join(), room.join());
        for seconds in 1..=3 {
            // The room's time is the test's, what the clock shows is not.
            room.advance(Duration::from_secs(1));
            assert!(!room.received(ann).is_empty(), "no tick in second {seconds}");
        }
        room.leave(ann);
        assert!(room.deadline().is_some());
        room.leave(bob);
        assert_eq!(room.deadline(), None);
    }
}
