//! A program that calculates for whoever calls it. `examples/calculator-room` does.

use calculator::{CalculatorService, CalculatorSimplified};
use std::sync::Arc;
use wasm_bus::prelude::async_trait;

#[derive(Debug)]
struct Server;

#[async_trait]
impl CalculatorSimplified for Server {
    async fn add(&self, a: i64, b: i64) -> i64 {
        a.wrapping_add(b)
    }

    async fn count_primes(&self, up_to: u32, progress: Box<dyn Fn(u32) + Send + Sync>) -> u32 {
        let mut count = 0;
        let mut told = 0;
        for number in 2..=up_to {
            count += u32::from(is_prime(number));
            let percent = (u64::from(number) * 100 / u64::from(up_to)) as u32;
            if percent >= told + 10 {
                told = percent / 10 * 10;
                progress(told);
            }
        }
        count
    }
}

fn is_prime(number: u32) -> bool {
    let number = u64::from(number);
    let mut divisors = (2..).take_while(|divisor| divisor * divisor <= number);
    divisors.all(|divisor| !number.is_multiple_of(divisor))
}

fn main() {
    CalculatorService::listen(Arc::new(Server));
    CalculatorService::serve();
}
