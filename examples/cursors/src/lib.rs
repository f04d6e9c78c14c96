//! Live cursors, and a drawing that everyone in the room shares, in binary messages.
//!
//! Run it with `jamsocket dev` in the package's folder and open http://localhost:8080/ twice, or
//! http://localhost:8080/#kitchen for the room `kitchen`. The page is `static/index.html`.
//!
//! A client sends one of these; everyone else gets it behind the sender's number, 4 bytes:
//!
//! | bytes | what they say |
//! |---|---|
//! | 0, a line | my pointer has gone along it |
//! | 1, a line | I draw it |
//! | 2 | the sheet is blank again |
//! | 3 | my pointer is gone, or I am |
//!
//! A line is a colour, 0 to 7, a count, 1 to 255, and that many points of x and y, two bytes each,
//! the higher one first; 0 is left and top. Behind its own number a client gets 1 and all lines that
//! were drawn, which is how it begins.

use jamsocket_wasm::prelude::*;
use std::collections::VecDeque;

const COLOURS: u8 = 8;
/// How many bytes of lines a room keeps, 256 of the longest. Of more, it forgets the oldest.
const KEPT: usize = 256 * (2 + 4 * 255);

/// The lines of one room's drawing, the oldest first.
#[jamsocket_wasm]
#[derive(Debug)]
pub struct Cursors(VecDeque<u8>);

impl SimpleJamsocketService for Cursors {
    fn new(_room_id: &str, _context: &impl JamsocketContext) -> Self {
        Cursors(VecDeque::new())
    }

    fn connect(&mut self, client: ClientId, context: &impl JamsocketContext) {
        let drawing = [&[1], &*self.0.make_contiguous()].concat();
        context.send_binary(client, &behind(client, &drawing));
    }

    fn binary(&mut self, client: ClientId, message: &[u8], context: &impl JamsocketContext) {
        match message {
            [0, line @ ..] if is_line(line) => {}
            [1, line @ ..] if is_line(line) => self.0.extend(line),
            [2] => self.0.clear(),
            [3] => {}
            _ => return, // The page sends nothing like it.
        }
        while self.0.len() > KEPT {
            self.0.drain(..2 + 4 * usize::from(self.0[1]));
        }
        let others = MessageRecipient::EveryoneExcept(client);
        context.send_binary(others, &behind(client, message));
    }

    fn disconnect(&mut self, client: ClientId, context: &impl JamsocketContext) {
        context.send_binary(MessageRecipient::Broadcast, &behind(client, &[3]));
    }
}

fn behind(client: ClientId, message: &[u8]) -> Vec<u8> {
    [&u32::from(client).to_be_bytes(), message].concat()
}

fn is_line(bytes: &[u8]) -> bool {
    matches!(bytes, [0..COLOURS, count @ 1..=255, points @ ..] if points.len() == 4 * *count as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jamsocket::testing::{Nothing, TestRoom};

    #[test]
    fn the_others_see_what_happens_and_newcomers_what_is_drawn() {
        let mut room = TestRoom::<Cursors>::new("lobby");
        let (ann, bob) = (room.join(), room.join());
        assert_eq!(room.received(bob), [[0, 0, 0, 2, 1]]);
        room.send_binary(ann, [0, 7, 1, 9, 9, 9, 9]);
        assert_eq!(room.received(bob), [[0, 0, 0, 1, 0, 7, 1, 9, 9, 9, 9]]);
        room.send_binary(ann, [1, 6, 1, 8, 8, 8, 8]);
        assert_eq!(room.received(bob), [[0, 0, 0, 1, 1, 6, 1, 8, 8, 8, 8]]);
        room.leave(ann);
        assert_eq!(room.received(bob), [[0, 0, 0, 1, 3]]);
        let eve = room.join();
        assert_eq!(room.received(eve), [[0, 0, 0, 3, 1, 6, 1, 8, 8, 8, 8]]);
    }

    #[test]
    fn what_is_no_message_goes_nowhere() {
        let mut room = TestRoom::<Cursors>::new("lobby");
        let (ann, bob) = (room.join(), room.join());
        assert_eq!(room.received(bob).len(), 1);
        for wrong in [&[4][..], &[2, 0], &[1, 8, 1, 0, 0, 0, 0], &[1, 0, 0]] {
            room.send_binary(ann, wrong);
            assert_eq!(room.received(bob), Nothing, "{wrong:?}");
        }
    }
}
