use crate::mistakes::Mistakes;
use syn::{GenericArgument, PathArguments, Type};

/// Tells of each part of a type that cannot cross to another module: what is borrowed, and what is
/// not one type.
pub(crate) fn check(ty: &Type, mistakes: &mut Mistakes) {
    match ty {
        Type::Reference(_) => mistakes.at(
            ty,
            "a message crosses to another module, so it owns what it holds: `String` for `&str`, \
             `Vec<T>` for `&[T]`",
        ),
        Type::Ptr(_) => mistakes.at(ty, "a pointer means nothing in another module"),
        Type::FnPtr(_) => mistakes.at(
            ty,
            "a function cannot cross to another module: a callback is an argument `name: impl Fn(T)`",
        ),
        Type::ImplTrait(_) => {
            mistakes.at(ty, "an `impl` is no type that can be sent: the one there is, is a callback, an \
                             argument `name: impl Fn(T)`");
        }
        Type::TraitObject(_) => mistakes.at(
            ty,
            "a `dyn` cannot be sent: a callback is an argument `name: impl Fn(T)`, and an object is \
             returned as `Arc<dyn OtherTrait>`, all by itself",
        ),
        Type::Infer(_) => mistakes.at(ty, "the type of a message has to be written out"),
        Type::Never(_) => mistakes.at(ty, "there is no value of `!` to be sent"),
        Type::Slice(_) => mistakes.at(ty, "a message owns what it holds: `Vec<T>` for `[T]`"),
        Type::Array(array) => check(&array.elem, mistakes),
        Type::Group(group) => check(&group.elem, mistakes),
        Type::Paren(paren) => check(&paren.elem, mistakes),
        Type::Tuple(tuple) => tuple.elems.iter().for_each(|ty| check(ty, mistakes)),
        Type::Path(path) => {
            if path.path.is_ident("Self") {
                mistakes.at(ty, "who calls does not know what `Self` is");
            }
            for segment in &path.path.segments {
                check_arguments(&segment.arguments, mistakes);
            }
        }
        _ => {}
    }
}

fn check_arguments(arguments: &PathArguments, mistakes: &mut Mistakes) {
    let PathArguments::AngleBracketed(arguments) = arguments else { return };
    for argument in &arguments.args {
        if let GenericArgument::Type(ty) = argument {
            check(ty, mistakes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::mistakes::Mistakes;
    use quote::quote;

    fn mistakes_in(ty: proc_macro2::TokenStream) -> Vec<String> {
        let mut mistakes = Mistakes::default();
        check(&syn::parse2(ty).unwrap(), &mut mistakes);
        mistakes.messages()
    }

    #[test]
    fn owned_types_go() {
        for ty in [
            quote!(u128),
            quote!(()),
            quote!((u8, String)),
            quote!([u8; 4]),
            quote!(std::result::Result<Vec<(String, Option<u8>)>, i32>),
            quote!(<Vec<u8> as IntoIterator>::Item),
        ] {
            assert_eq!(mistakes_in(ty.clone()), Vec::<String>::new(), "{ty}");
        }
    }

    #[test]
    fn what_is_borrowed_or_not_one_type_is_told_wherever_it_is() {
        for (ty, expected) in [
            (quote!(&str), "owns what it holds"),
            (quote!(Option<&'static str>), "owns what it holds"),
            (quote!(*const u8), "a pointer"),
            (quote!(fn(u8)), "a function"),
            (quote!(Vec<fn(u8) -> u8>), "a function"),
            (quote!(impl Fn(u8)), "an `impl`"),
            (quote!(Box<dyn Fn(u8)>), "a `dyn`"),
            (quote!(Result<Arc<dyn Other>, u8>), "a `dyn`"),
            (quote!(Vec<_>), "written out"),
            (quote!(!), "no value"),
            (quote!(Box<[u8]>), "`Vec<T>` for `[T]`"),
            (quote!((u8, [Self; 2])), "`Self`"),
        ] {
            let mistakes = mistakes_in(ty.clone());
            assert_eq!(mistakes.len(), 1, "{ty}: {mistakes:?}");
            assert!(mistakes[0].contains(expected), "{ty}: {mistakes:?}");
        }
    }
}
