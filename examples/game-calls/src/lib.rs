//! What a lobby asks of the rooms of a game. Both of their modules depend on this.

use wasm_bus::macros::wasm_bus;

/// A room of the game, as others see it.
#[wasm_bus(format = "json")]
pub trait Table {
    /// How many players are in.
    async fn players(&self) -> u32;
    /// Tells all of them, and returns how many there are.
    async fn announce(&self, text: String) -> u32;
}
