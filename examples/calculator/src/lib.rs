//! What the program `calculator` does for others: the trait that both sides depend on.

use wasm_bus::macros::wasm_bus;

/// Calculates.
#[wasm_bus(format = "json")]
pub trait Calculator {
    /// The sum of two numbers.
    async fn add(&self, a: i64, b: i64) -> i64;

    /// How many primes there are up to a number. `progress` is told each tenth of the way, in percent.
    async fn count_primes(&self, up_to: u32, progress: impl Fn(u32)) -> u32;
}
