use proc_macro2::TokenStream;
use quote::quote;
use syn::Attribute;

/// The docs that are written in these attributes or, where there are none, a line of our own:
/// whoever asks for docs everywhere is not to be told of code that is not theirs.
pub(crate) fn or(attributes: &[Attribute], line: &str) -> TokenStream {
    let docs: Vec<_> = attributes.iter().filter(|one| one.path().is_ident("doc")).collect();
    if docs.is_empty() { quote!(#[doc = #line]) } else { quote!(#(#docs)*) }
}

/// What is not docs among these attributes.
pub(crate) fn others(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attributes.iter().filter(|one| !one.path().is_ident("doc"))
}
