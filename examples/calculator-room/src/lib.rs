//! A room that has a program calculate: `2 + 3`, or `primes 100000`, whose progress everyone sees.
//!
//! Build the program with `cargo build --release --target wasm32-wasip1 -p calculator`, and run the room
//! with `jamsocket dev examples/calculator-room --program
//! calculator=target/wasm32-wasip1/release/calculator.wasm`.

use calculator::CalculatorClient;
use jamsocket_wasm::{Context, bus::CallError, prelude::*, spawn};

/// A room that keeps nothing.
#[jamsocket_wasm]
#[derive(Debug)]
pub struct CalculatorRoom;

impl SimpleJamsocketService for CalculatorRoom {
    fn new(_room_id: &str, _context: &impl JamsocketContext) -> Self {
        CalculatorRoom
    }

    fn message(&mut self, client: ClientId, message: &str, _context: &impl JamsocketContext) {
        let message = message.to_owned();
        spawn(async move {
            match calculate(&message).await {
                Ok(Some(result)) => tell_all(&format!("{message} = {result}")),
                Ok(None) => Context.send_message(client, "try `2 + 3`, or `primes 1000`"),
                Err(error) => Context.send_message(client, &format!("{message}: {error}")),
            }
        });
    }
}

async fn calculate(message: &str) -> Result<Option<i64>, CallError> {
    let calculator = CalculatorClient::new("calculator");
    if let Some((a, b)) = message.split_once(" + ") {
        let (Ok(a), Ok(b)) = (a.parse(), b.parse()) else { return Ok(None) };
        return calculator.add(a, b).await.map(Some);
    }
    let Some(Ok(up_to)) = message.strip_prefix("primes ").map(str::parse) else { return Ok(None) };
    let progress = |percent: u32| tell_all(&format!("{percent} %"));
    let count = calculator.count_primes(up_to, Box::new(progress)).await?;
    Ok(Some(count.into()))
}

fn tell_all(message: &str) {
    Context.send_message(MessageRecipient::Broadcast, message);
}
