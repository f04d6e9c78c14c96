use crate::{docs, method::Method, model::BusTrait, names, output::Output};
use proc_macro2::TokenStream;
use quote::quote;

/// The trait that a server implements, in which a method returns what it returns, and what makes the
/// trait itself of it.
pub(crate) fn write(bus: &BusTrait) -> TokenStream {
    let BusTrait { visibility, name, methods, .. } = bus;
    let simplified = names::simplified(name);
    let line = format!("What a server implements, under `#[async_trait]`, to serve [`{name}`].");
    let declared = methods.iter().map(declared);
    let passed_on = methods.iter().map(|method| passed_on(bus, method));
    quote! {
        #[doc = #line]
        #[allow(dead_code, clippy::too_many_arguments, reason = "as for the messages")]
        #[::wasm_bus::async_trait::async_trait]
        #visibility trait #simplified:
            ::core::fmt::Debug + ::core::marker::Send + ::core::marker::Sync
        {
            #(#declared)*
        }

        #[allow(deprecated, clippy::too_many_arguments, reason = "the trait's affair")]
        #[::wasm_bus::async_trait::async_trait]
        impl<WasmBusServer: #simplified> #name for WasmBusServer {
            #(#passed_on)*
        }
    }
}

fn declared(method: &Method) -> TokenStream {
    let Method { attributes, name, output, .. } = method;
    let docs = docs::or(attributes, &format!("Answers `{name}`."));
    let others = docs::others(attributes);
    let declarations = method.declarations();
    // An object may be refused; a value that may be has a `Result` for a type.
    let returned = match output {
        Output::Value(ty) => ty.clone(),
        Output::Object { .. } => output.result(),
    };
    quote! {
        #docs
        #(#others)*
        async fn #name(&self, #declarations) -> #returned;
    }
}

fn passed_on(bus: &BusTrait, method: &Method) -> TokenStream {
    let Method { name, output, .. } = method;
    let simplified = names::simplified(&bus.name);
    let (declarations, arguments) = (method.declarations(), method.arguments());
    let result = output.result();
    let call = quote!(<WasmBusServer as #simplified>::#name(self, #arguments).await);
    let body = match output {
        Output::Value(_) => quote!(::core::result::Result::Ok(#call)),
        Output::Object { .. } => call,
    };
    quote! {
        async fn #name(&self, #declarations) -> #result {
            #body
        }
    }
}
