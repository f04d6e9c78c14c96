//! A crate that lets nothing pass.
#![deny(
    warnings,
    dependency_on_unit_never_type_fallback,
    future_incompatible,
    let_underscore,
    missing_copy_implementations,
    missing_debug_implementations,
    missing_docs,
    nonstandard_style,
    refining_impl_trait,
    rust_2018_idioms,
    rust_2021_compatibility,
    rust_2024_compatibility,
    single_use_lifetimes,
    trivial_casts,
    unreachable_pub,
    unused,
    unused_lifetimes,
    unused_qualifications
)]
#![forbid(unsafe_code)]

use wasm_bus::prelude::*;

/// In sight.
pub mod shop {
    use super::*;
    use std::sync::Arc;

    /// Sells.
    #[wasm_bus(format = "json")]
    pub trait Shop: std::fmt::Debug + Send + Sync {
        /// What it costs.
        async fn price(&self, of: String) -> Option<u32>;
        async fn nothing(&self);
        #[deprecated = "use the basket"]
        async fn old(&self, a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, h: u8);
        async fn basket(&self, #[serde(default)] pieces: u32, changed: impl Fn(u32)) -> Arc<dyn Basket>;
    }

    /// Holds.
    #[wasm_bus(format = "bincode")]
    pub trait Basket {}
}

mod hidden {
    use super::*;

    #[wasm_bus(format = "messagepack")]
    pub(crate) trait Inner {
        async fn nobody_calls_it(&self, value: u8, told: impl Fn(u8)) -> u8;
    }

    #[wasm_bus(format = "json")]
    trait Own {
        async fn m(&self);
    }
}

#[wasm_bus(format = "json")]
trait Unused {
    async fn m(&self, a: u8) -> u8;
}

fn main() {
    let price = shop::ShopClient::new("shop").blocking_price("tea".to_owned());
    assert_eq!(price, Err(CallError::Unsupported));
}
