use crate::{mistakes::Mistakes, owned};
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{
    Attribute, Error, FnArg, Pat, PatType, PathArguments, Result, ReturnType, Type, TypeImplTrait,
    TypeParamBound,
};

/// An argument of a method.
pub(crate) enum Parameter {
    /// What is sent with the call.
    Field { attributes: Vec<Attribute>, name: Ident, ty: Type },
    /// What takes messages while the call, or the object that it returns, lasts.
    Callback { name: Ident, message: Type },
}

impl Parameter {
    pub(crate) fn read(argument: &PatType, mistakes: &mut Mistakes) -> Option<Self> {
        let name = mistakes.take(name_of(&argument.pat))?;
        if let Type::ImplTrait(callback) = &*argument.ty {
            let message = mistakes.take(message_of(callback))?;
            owned::check(&message, mistakes);
            for attribute in &argument.attrs {
                mistakes.at(attribute, "a callback is not sent, so it has no attributes");
            }
            return Some(Parameter::Callback { name, message });
        }
        owned::check(&argument.ty, mistakes);
        for attribute in &argument.attrs {
            if !["serde", "doc", "allow", "expect"]
                .iter()
                .any(|name| attribute.path().is_ident(name))
            {
                mistakes.at(
                    attribute,
                    "an argument is a field of a message: it takes serde's attributes",
                );
            }
        }
        let ty = (*argument.ty).clone();
        Some(Parameter::Field { attributes: argument.attrs.clone(), name, ty })
    }

    pub(crate) fn name(&self) -> &Ident {
        match self {
            Parameter::Field { name, .. } | Parameter::Callback { name, .. } => name,
        }
    }

    /// The argument as both sides see it.
    pub(crate) fn declaration(&self) -> TokenStream {
        match self {
            Parameter::Field { name, ty, .. } => quote!(#name: #ty),
            Parameter::Callback { name, message } => quote! {
                #name: ::std::boxed::Box<
                    dyn ::core::ops::Fn(#message)
                        + ::core::marker::Send + ::core::marker::Sync + 'static
                >
            },
        }
    }
}

/// The arguments of a method behind its `&self`.
pub(crate) fn read_all<'a>(
    arguments: impl Iterator<Item = &'a FnArg>,
    mistakes: &mut Mistakes,
) -> Vec<Parameter> {
    arguments
        .filter_map(|argument| match argument {
            FnArg::Typed(argument) => Parameter::read(argument, mistakes),
            FnArg::Receiver(_) => None,
        })
        .collect()
}

fn name_of(pattern: &Pat) -> Result<Ident> {
    match pattern {
        Pat::Ident(name)
            if name.by_ref.is_none() && name.mutability.is_none() && name.subpat.is_none() =>
        {
            Ok(name.ident.clone())
        }
        _ => Err(Error::new_spanned(
            pattern,
            "an argument of a bus method is a plain name, which its message has a field for",
        )),
    }
}

/// The `T` of `impl Fn(T)`.
fn message_of(callback: &TypeImplTrait) -> Result<Type> {
    let wrong = || {
        Error::new_spanned(
            callback,
            "a callback is written `name: impl Fn(T)`: one argument, nothing returned, no other bound",
        )
    };
    let mut bounds = callback.bounds.iter();
    let (Some(TypeParamBound::Trait(bound)), None) = (bounds.next(), bounds.next()) else {
        return Err(wrong());
    };
    let mut segments = bound.path.segments.iter();
    let (Some(segment), None) = (segments.next(), segments.next()) else { return Err(wrong()) };
    let PathArguments::Parenthesized(arguments) = &segment.arguments else { return Err(wrong()) };
    if segment.ident == "FnMut" || segment.ident == "FnOnce" {
        return Err(Error::new_spanned(
            &segment.ident,
            "a callback is called any number of times, from wherever: `Fn`",
        ));
    }
    if segment.ident != "Fn" || bound.lifetimes.is_some() || bound.maybe.is_some() {
        return Err(wrong());
    }
    if let ReturnType::Type(..) = &arguments.output {
        return Err(Error::new_spanned(
            &arguments.output,
            "a callback returns nothing: nobody would get it",
        ));
    }
    let mut inputs = arguments.inputs.iter();
    match (inputs.next(), inputs.next()) {
        (Some(message), None) => Ok(message.ty.clone()),
        (None, _) => Err(Error::new_spanned(
            callback,
            "a callback takes one argument, the message; `impl Fn(())` where there is nothing to say",
        )),
        (Some(_), Some(_)) => Err(Error::new_spanned(
            &arguments.inputs,
            "a callback takes one argument, the message: put these into one tuple or struct",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::Parameter;
    use crate::mistakes::Mistakes;
    use quote::{ToTokens, quote};
    use syn::FnArg;

    fn read(argument: proc_macro2::TokenStream) -> Result<String, Vec<String>> {
        let FnArg::Typed(argument) = syn::parse2(argument).unwrap() else {
            panic!("it is no receiver");
        };
        let mut mistakes = Mistakes::default();
        match Parameter::read(&argument, &mut mistakes) {
            Some(parameter) if mistakes.is_empty() => Ok(match parameter {
                Parameter::Field { name, ty, .. } => {
                    format!("{name} is {}", ty.to_token_stream())
                }
                Parameter::Callback { name, message } => {
                    format!("{name} takes {}", message.to_token_stream())
                }
            }),
            _ => Err(mistakes.messages()),
        }
    }

    #[test]
    fn an_argument_is_a_field() {
        assert_eq!(read(quote!(url: String)).as_deref(), Ok("url is String"));
        assert_eq!(read(quote!(r#type: [u8; 4])).as_deref(), Ok("r#type is [u8 ; 4]"));
        assert_eq!(read(quote!(#[serde(default)] a: u8)).as_deref(), Ok("a is u8"));
    }

    #[test]
    fn an_implementation_of_fn_is_a_callback() {
        assert_eq!(read(quote!(step: impl Fn(u32))).as_deref(), Ok("step takes u32"));
        assert_eq!(read(quote!(step: impl Fn(Vec<u8>))).as_deref(), Ok("step takes Vec < u8 >"));
        assert_eq!(read(quote!(step: impl Fn((u8, u8)))).as_deref(), Ok("step takes (u8 , u8)"));
    }

    #[test]
    fn what_is_neither_is_told() {
        for (argument, expected) in [
            (quote!((a, b): (u8, u8)), "a plain name"),
            (quote!(mut a: u8), "a plain name"),
            (quote!(_: u8), "a plain name"),
            (quote!(a: &str), "owns what it holds"),
            (quote!(a: dyn Fn(u8)), "`name: impl Fn(T)`"),
            (quote!(a: Box<dyn Fn(u8)>), "`name: impl Fn(T)`"),
            (quote!(a: impl FnMut(u8)), "`Fn`"),
            (quote!(a: impl Fn(u8) + Send), "no other bound"),
            (quote!(a: impl std::ops::Fn(u8)), "no other bound"),
            (quote!(a: impl Clone), "no other bound"),
            (quote!(a: impl Fn()), "one argument"),
            (quote!(a: impl Fn(u8, u8)), "one tuple or struct"),
            (quote!(a: impl Fn(u8) -> u8), "returns nothing"),
            (quote!(a: impl Fn(&str)), "owns what it holds"),
            (quote!(#[cfg(unix)] a: u8), "serde's attributes"),
            (quote!(#[serde(default)] a: impl Fn(u8)), "no attributes"),
        ] {
            let mistakes = read(argument.clone()).unwrap_err();
            assert_eq!(mistakes.len(), 1, "{argument}: {mistakes:?}");
            assert!(mistakes[0].contains(expected), "{argument}: {mistakes:?}");
        }
    }
}
