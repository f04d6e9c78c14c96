use crate::{docs, method::Method, model::BusTrait};
use proc_macro2::TokenStream;
use quote::quote;

/// The types of what is sent: a request for each method, and a message for each callback.
pub(crate) fn write(bus: &BusTrait) -> TokenStream {
    let messages = bus.methods.iter().map(|method| {
        let request = request(bus, method);
        let callbacks = callbacks(bus, method);
        quote!(#request #callbacks)
    });
    quote!(#(#messages)*)
}

fn request(bus: &BusTrait, method: &Method) -> TokenStream {
    let BusTrait { visibility, name: bus, .. } = bus;
    let Method { request, name, .. } = method;
    let line = format!("What a call of `{bus}::{name}` carries.");
    let derived = derived();
    let fields = method.fields().map(|field| {
        let (name, ty) = (field.name, field.ty);
        let docs = docs::or(field.attributes, &format!("The argument `{name}`."));
        let others = docs::others(field.attributes);
        quote!(#docs #(#others)* #visibility #name: #ty)
    });
    quote! {
        #[doc = #line]
        #derived
        #visibility struct #request {
            #(#fields,)*
        }
    }
}

fn callbacks(bus: &BusTrait, method: &Method) -> TokenStream {
    let BusTrait { visibility, name: bus, .. } = bus;
    let callbacks = method.callbacks(bus).map(|callback| {
        let (message, ty) = (&callback.message, callback.ty);
        let line =
            format!("A message for the callback `{}` of `{bus}::{}`.", callback.name, method.name);
        let derived = derived();
        quote! {
            #[doc = #line]
            #derived
            #visibility struct #message(#[doc = "The message."] #visibility #ty);
        }
    });
    quote!(#(#callbacks)*)
}

fn derived() -> TokenStream {
    quote! {
        #[derive(
            ::core::fmt::Debug,
            ::core::clone::Clone,
            ::wasm_bus::serde::Serialize,
            ::wasm_bus::serde::Deserialize,
        )]
        #[serde(crate = "::wasm_bus::serde")]
        #[allow(dead_code, reason = "either side of a call may be in another module")]
    }
}
