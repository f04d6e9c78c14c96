//! A table where everyone is told who plays, and which a lobby may ask how many do: see `lobby`.

use game_calls::{TableService, TableSimplified};
use jamsocket_wasm::{bus::prelude::async_trait, prelude::*, with};
use std::sync::Arc;

/// A table with its players.
#[jamsocket_wasm]
#[derive(Debug)]
pub struct Game {
    players: u32,
}

impl SimpleJamsocketService for Game {
    fn new(_room_id: &str, _context: &impl JamsocketContext) -> Self {
        TableService::listen(Arc::new(Calls));
        Game { players: 0 }
    }

    fn connect(&mut self, client: ClientId, context: &impl JamsocketContext) {
        self.players += 1;
        let joined = format!("player {} sits down", u32::from(client));
        context.send_message(MessageRecipient::Broadcast, &joined);
    }

    fn disconnect(&mut self, client: ClientId, context: &impl JamsocketContext) {
        self.players -= 1;
        let left = format!("player {} gets up", u32::from(client));
        context.send_message(MessageRecipient::Broadcast, &left);
    }
}

/// Answers calls, between two callbacks of the room.
#[derive(Debug)]
struct Calls;

#[async_trait]
impl TableSimplified for Calls {
    async fn players(&self) -> u32 {
        with(|game: &mut Game, _| game.players)
    }

    async fn announce(&self, text: String) -> u32 {
        with(|game: &mut Game, context| {
            context.send_message(MessageRecipient::Broadcast, &text);
            game.players
        })
    }
}
