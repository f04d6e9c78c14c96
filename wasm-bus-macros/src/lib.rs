//! The attribute `#[wasm_bus]`.
//!
//! It is used, and documented, as `wasm_bus::macros::wasm_bus`; a crate of its own is what the compiler
//! asks of a procedural macro. A trait is read into a `BusTrait` (`model`), with every mistake told
//! at its place, and what is made of it is written from that: messages, the trait itself, its
//! simplified form, the service and the client, each by a file of its name.

mod arguments;
mod client;
mod docs;
mod expand;
mod messages;
mod method;
mod mistakes;
mod model;
mod names;
mod output;
mod owned;
mod parameter;
mod service;
mod simplified;
mod topic;
mod traits;

use proc_macro::TokenStream;

#[expect(missing_docs, reason = "documented on the re-export, where examples compile")]
#[proc_macro_attribute]
pub fn wasm_bus(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::expand(arguments.into(), item.into()).into()
}
