//! A lobby that asks rooms of a game: `table 1` says how many play there, `announce 1 hello` tells them.
//!
//! `jamsocket dev examples/lobby` serves both: the lobby at `/ws/NAME`, the game at `/game/ws/NAME`. Which
//! rooms the lobby may call is in `jamsocket.toml`.

use game_calls::TableClient;
use jamsocket_wasm::{
    Context,
    bus::{CallError, rooms},
    prelude::*,
    spawn,
};

/// A lobby that keeps nothing.
#[jamsocket_wasm]
#[derive(Debug)]
pub struct Lobby;

impl SimpleJamsocketService for Lobby {
    fn new(_room_id: &str, _context: &impl JamsocketContext) -> Self {
        Lobby
    }

    fn message(&mut self, client: ClientId, message: &str, _context: &impl JamsocketContext) {
        let message = message.to_owned();
        spawn(async move {
            let answer = match ask(&message).await {
                Ok(answer) => answer,
                Err(error) => format!("{message}: {error}"),
            };
            Context.send_message(client, &answer);
        });
    }
}

/// Does what a client says. A room of the game that nobody has joined is there once it is called.
async fn ask(message: &str) -> Result<String, CallError> {
    let words: Vec<_> = message.splitn(3, ' ').collect();
    match words[..] {
        ["table", name] => {
            let players = table(name).players().await?;
            Ok(format!("table {name}: {players} players"))
        }
        ["announce", name, text] => {
            let players = table(name).announce(text.to_owned()).await?;
            Ok(format!("table {name}: told {players} players"))
        }
        _ => Ok("try `table 1`, or `announce 1 hello`".to_owned()),
    }
}

/// The room of that name of the service `game`, with the token that its operator has set.
fn table(name: &str) -> TableClient {
    TableClient::new_with_instance(rooms::ROOM, &rooms::instance("game", name), "for the lobby")
}
