use crate::{docs, method::Method, model::BusTrait, names};
use proc_macro2::{Ident, TokenStream};
use quote::quote;

/// The trait itself, as clients are and services take it: every method may fail, as calls do.
pub(crate) fn write(bus: &BusTrait) -> TokenStream {
    let BusTrait { attributes, visibility, name, methods } = bus;
    let client = names::client(name);
    let docs = docs::or(attributes, &format!("The bus trait `{name}`."));
    // The methods are what that attribute makes of them already.
    let others = docs::others(attributes)
        .filter(|one| one.path().segments.last().is_none_or(|last| last.ident != "async_trait"));
    let methods = methods.iter().map(|one| method(name, one));
    quote! {
        #docs
        #(#others)*
        #[allow(dead_code, deprecated, clippy::too_many_arguments, reason = "as for the messages")]
        #[::wasm_bus::async_trait::async_trait]
        #visibility trait #name:
            ::core::fmt::Debug + ::core::marker::Send + ::core::marker::Sync
        {
            #(#methods)*

            /// The client that this is, where it is one.
            fn as_client(&self) -> ::core::option::Option<#client> {
                ::core::option::Option::None
            }

            /// The handle of a call that this is; nothing is one.
            fn handle(&self) -> ::core::option::Option<::wasm_bus::abi::CallHandle> {
                ::core::option::Option::None
            }

            /// The handle of the object that this calls.
            fn parent_handle(&self) -> ::core::option::Option<::wasm_bus::abi::CallHandle> {
                ::core::option::Option::None
            }
        }
    }
}

fn method(bus: &Ident, method: &Method) -> TokenStream {
    let Method { attributes, name, blocking, .. } = method;
    let docs = docs::or(attributes, &format!("Calls `{name}`."));
    let others: Vec<_> = docs::others(attributes).collect();
    let blocking_line =
        format!("[`{name}`](Self::{name}), and waits for it as `wasm_bus::task::block_on` does.");
    let (declarations, arguments) = (method.declarations(), method.arguments());
    let result = method.output.result();
    quote! {
        #docs
        #(#others)*
        async fn #name(&self, #declarations) -> #result;

        #[doc = #blocking_line]
        #(#others)*
        fn #blocking(&self, #declarations) -> #result {
            ::wasm_bus::task::block_on(<Self as #bus>::#name(self, #arguments))
        }
    }
}
