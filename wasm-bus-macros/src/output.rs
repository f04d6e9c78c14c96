use crate::{mistakes::Mistakes, owned};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{
    Error, GenericArgument, Path, PathArguments, Result, ReturnType, Type, TypeParamBound,
    TypeTraitObject,
};

/// What a method returns.
pub(crate) enum Output {
    /// A value, which is sent.
    Value(TokenStream),
    /// An object of this trait, which stays where it is and takes calls. `arc` is what the user calls
    /// its pointer.
    Object { arc: Path, bus: Path },
}

impl Output {
    pub(crate) fn read(output: &ReturnType, mistakes: &mut Mistakes) -> Option<Self> {
        let ReturnType::Type(_, ty) = output else { return Some(Output::Value(quote!(()))) };
        if let Some((arc, object)) = object_in(ty) {
            let bus = mistakes.take(trait_of(object))?;
            return Some(Output::Object { arc, bus });
        }
        owned::check(ty, mistakes);
        Some(Output::Value(ty.to_token_stream()))
    }

    /// The type that a caller has in the end.
    pub(crate) fn ty(&self) -> TokenStream {
        match self {
            Output::Value(ty) => ty.clone(),
            Output::Object { arc, bus } => quote! {
                #arc<dyn #bus + ::core::marker::Send + ::core::marker::Sync + 'static>
            },
        }
    }

    /// The type of what a call of the method comes to.
    pub(crate) fn result(&self) -> TokenStream {
        let ty = self.ty();
        quote!(::core::result::Result<#ty, ::wasm_bus::abi::CallError>)
    }
}

/// The `Arc` and the `dyn OtherTrait` of an `Arc<dyn OtherTrait>`.
fn object_in(ty: &Type) -> Option<(Path, &TypeTraitObject)> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last().filter(|segment| segment.ident == "Arc")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    let Some(GenericArgument::Type(Type::TraitObject(object))) = arguments.args.first() else {
        return None;
    };
    if arguments.args.len() != 1 {
        return None;
    }
    let mut arc = path.path.clone();
    arc.segments.last_mut()?.arguments = PathArguments::None;
    Some((arc, object))
}

/// The one trait of a `dyn`, beside what every object is.
fn trait_of(object: &TypeTraitObject) -> Result<Path> {
    let mut found = None;
    for bound in &object.bounds {
        let path = match bound {
            TypeParamBound::Trait(bound) if bound.lifetimes.is_none() && bound.maybe.is_none() => {
                &bound.path
            }
            TypeParamBound::Lifetime(lifetime) if lifetime.ident == "static" => continue,
            _ => return Err(Error::new_spanned(bound, "an object is of a plain trait")),
        };
        if path.is_ident("Send") || path.is_ident("Sync") {
            continue;
        }
        if found.replace(path).is_some() {
            return Err(Error::new_spanned(path, "an object is of one trait"));
        }
    }
    let path = found.ok_or_else(|| Error::new_spanned(object, "an object is of a bus trait"))?;
    match path.segments.iter().find(|segment| !segment.arguments.is_none()) {
        None => Ok(path.clone()),
        Some(segment) => Err(Error::new_spanned(
            &segment.arguments,
            "a bus trait has no parameters: an object is an `Arc<dyn OtherTrait>`",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::Output;
    use crate::mistakes::Mistakes;
    use quote::{ToTokens, quote};

    fn read(output: proc_macro2::TokenStream) -> Result<String, Vec<String>> {
        let mut mistakes = Mistakes::default();
        let output = Output::read(&syn::parse2(output).unwrap(), &mut mistakes);
        match output {
            Some(output) if mistakes.is_empty() => Ok(match output {
                Output::Value(ty) => format!("value {ty}"),
                Output::Object { arc, bus } => {
                    let (arc, bus) = (arc.to_token_stream(), bus.to_token_stream());
                    format!("object {bus} by {arc}").replace(' ', "_").replace("_::_", "::")
                }
            }),
            _ => Err(mistakes.messages()),
        }
    }

    #[test]
    fn nothing_is_the_unit() {
        assert_eq!(read(quote!()).as_deref(), Ok("value ()"));
    }

    #[test]
    fn values_are_any_owned_type() {
        assert_eq!(read(quote!(-> Vec<u8>)).as_deref(), Ok("value Vec < u8 >"));
        assert_eq!(read(quote!(-> (u8, u8))).as_deref(), Ok("value (u8 , u8)"));
        assert_eq!(read(quote!(-> Arc<str>)).as_deref(), Ok("value Arc < str >"));
    }

    #[test]
    fn an_arc_of_a_trait_is_an_object() {
        for (output, expected) in [
            (quote!(-> Arc<dyn WebSocket>), "object_WebSocket_by_Arc"),
            (quote!(-> std::sync::Arc<dyn A>), "object_A_by_std::sync::Arc"),
            (quote!(-> Arc<dyn A + Send + Sync + 'static>), "object_A_by_Arc"),
            (quote!(-> Arc<dyn api::WebSocket>), "object_api::WebSocket_by_Arc"),
        ] {
            assert_eq!(read(output.clone()).as_deref(), Ok(expected), "{output}");
        }
    }

    #[test]
    fn what_is_neither_is_told() {
        for (output, expected) in [
            (quote!(-> Arc<dyn A + B>), "of one trait"),
            (quote!(-> Arc<dyn Send>), "of a bus trait"),
            (quote!(-> Arc<dyn Fn(u8)>), "no parameters"),
            (quote!(-> Arc<dyn A<u8>>), "no parameters"),
            (quote!(-> Arc<dyn A + 'a>), "a plain trait"),
            (quote!(-> Box<dyn A>), "`Arc<dyn OtherTrait>`"),
            (quote!(-> dyn A), "`Arc<dyn OtherTrait>`"),
            (quote!(-> impl A), "an `impl`"),
            (quote!(-> &'static str), "owns what it holds"),
        ] {
            let mistakes = read(output.clone()).unwrap_err();
            assert_eq!(mistakes.len(), 1, "{output}: {mistakes:?}");
            assert!(mistakes[0].contains(expected), "{output}: {mistakes:?}");
        }
    }
}
