//! A crate in which the names that the attribute uses mean something else, and arguments are called
//! as its own variables are. (`Box` has to be what it is: `async_trait` names it so.)
#![deny(warnings)]
#![allow(dead_code, non_camel_case_types)]

use wasm_bus::macros::wasm_bus;

type Result = ();
type Option = ();
struct Clone;
struct Send;
struct Sync;
struct Debug;
struct Future;
mod serde {}
mod std {}
mod core {}
struct CallError;
struct Ok;

#[wasm_bus(format = "json")]
trait Taken {
    async fn m(
        &self,
        server: u8,
        object: u8,
        call: u8,
        request: impl Fn(u8),
        message: impl Fn(u8),
        target: u8,
        wapm: u8,
    ) -> u8;
    async fn own(&self, server: u8, call: impl Fn(u8)) -> ::std::sync::Arc<dyn Other>;
    async fn listen(&self);
    async fn serve(&self);
    async fn r#type(&self, r#fn: u8) -> u8;
}

#[wasm_bus(format = "json")]
trait Other {
    async fn call(&self, format: u8);
    async fn clone(&self);
}

fn main() {
    let taken = TakenClient::new("x");
    let answer = taken.blocking_own(1, ::std::boxed::Box::new(|_| {}));
    assert_eq!(answer.err(), ::core::option::Option::Some(wasm_bus::CallError::Unsupported));
    assert_eq!(taken.blocking_type(1), Err(wasm_bus::CallError::Unsupported));
}
