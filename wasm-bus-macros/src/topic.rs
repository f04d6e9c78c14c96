use crate::arguments::Arguments;
use proc_macro2::{Ident, TokenStream};
use quote::quote;

/// The expression of a message's topic: where its type is, and its name.
pub(crate) fn of(message: &Ident, arguments: &Arguments) -> TokenStream {
    match &arguments.path {
        None => quote!(::core::any::type_name::<#message>()),
        Some(path) => {
            let topic = format!("{path}::{message}");
            quote!(#topic)
        }
    }
}
