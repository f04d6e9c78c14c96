//! The attribute `#[jamsocket_wasm]`.
//!
//! It is used, and documented, as `jamsocket_wasm::jamsocket_wasm`; a crate of its own is what the
//! compiler asks of a procedural macro. What it emits is in `expand`: as little as can be, for the
//! work is done by functions of `jamsocket-wasm`.

mod expand;
mod target;

use proc_macro::TokenStream;
use quote::quote;

#[expect(missing_docs, reason = "documented on the re-export, where examples compile")]
#[proc_macro_attribute]
pub fn jamsocket_wasm(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let item = item.into();
    // The item stays also where the attribute is misused: without it, every use of the type would
    // be an error too.
    let exports = expand::expand(&arguments.into(), &item)
        .unwrap_or_else(|misuse| misuse.into_compile_error());
    quote!(#item #exports).into()
}
