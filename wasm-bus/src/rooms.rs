//! Calls to the rooms of a Jamsocket server.
//!
//! A room of a service is an instance of the module [`ROOM`], named by [`instance`]. Any client calls
//! one: it is made by `new_with_instance`, with the token that the server asks for.
//!
//! ```no_run
//! use wasm_bus::{prelude::*, rooms, task::block_on};
//!
//! #[wasm_bus(format = "json")]
//! pub trait Scores {
//!     async fn best(&self) -> Option<u32>;
//! }
//!
//! let lobby = rooms::instance("chess", "lobby");
//! let scores = ScoresClient::new_with_instance(rooms::ROOM, &lobby, "token");
//! println!("the best: {:?}", block_on(scores.best())?);
//! # Ok::<(), CallError>(())
//! ```
//!
//! The room's module answers by `ScoresService::listen(..)`, which it calls when the room is made.

/// The name under which rooms are called.
pub const ROOM: &str = "room";

/// The name of a room as an instance: the service's, a `/`, the room's.
pub fn instance(service: &str, room: &str) -> String {
    format!("{service}/{room}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_room_is_named_after_its_service() {
        assert_eq!(super::instance("lobby", "1"), "lobby/1");
    }
}
