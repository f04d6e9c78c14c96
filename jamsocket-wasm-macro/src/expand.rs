use crate::target::Target;
use proc_macro2::{Ident, TokenStream};
use quote::quote_spanned;
use syn::{Error, Result};

/// What a second use of the attribute in one crate redefines; the compiler's error shows the name.
const ONE_PER_CRATE: &str =
    "one_jamsocket_wasm_per_crate__move_the_other_service_to_a_crate_of_its_own";

/// What `#[jamsocket_wasm]` adds to the item that it is put on.
///
/// Everything has the span of the type's name, so that the compiler's errors about it point there:
///
/// - A static that holds the room. Its type is the check that the service is one, on every target.
///   Naming it is what keeps it from being dead code: an `allow` is refused where the crate has
///   forbidden that lint.
/// - The exports, on wasm32 alone: elsewhere names such as `connect` would collide with libc's.
/// - A guard against a second use. Exports are symbols, and two of them with one name are an error
///   only of the wasm32 build, without a place in the source. A `#[macro_export]` macro is the one
///   item that lands in the crate's root from whatever module it is written in, so two of them meet
///   in every build. Nothing is remembered from one expansion to the next: in an editor the same
///   process expands the same attribute again with each keystroke.
///
/// # Errors
///
/// One for each misuse, at its place: arguments, an item that is not a type, a generic type.
pub(crate) fn expand(arguments: &TokenStream, item: &TokenStream) -> Result<TokenStream> {
    let target = syn::parse2::<Target>(item.clone()).and_then(Target::check);
    let service = match (refuse_arguments(arguments), target) {
        (Ok(()), target) => target?,
        (Err(error), Ok(_)) => return Err(error),
        (Err(mut error), Err(other)) => {
            error.combine(other);
            return Err(error);
        }
    };
    let only_one = Ident::new(ONE_PER_CRATE, service.span());
    Ok(quote_spanned! {service.span()=>
        const _: () = {
            static GUEST: ::jamsocket_wasm::__private::Guest<#service> =
                ::jamsocket_wasm::__private::Guest::new();
            #[cfg(target_arch = "wasm32")]
            ::jamsocket_wasm::__export!(GUEST);
            let _ = &GUEST;
        };
        #[doc(hidden)]
        #[macro_export]
        macro_rules! #only_one { () => {}; }
    })
}

fn refuse_arguments(arguments: &TokenStream) -> Result<()> {
    if arguments.is_empty() {
        return Ok(());
    }
    Err(Error::new_spanned(arguments, "`#[jamsocket_wasm]` takes no arguments: write it bare"))
}

#[cfg(test)]
mod tests {
    use super::expand;
    use proc_macro2::TokenStream;
    use quote::quote;

    fn additions_to(item: TokenStream) -> String {
        expand(&TokenStream::new(), &item).unwrap().to_string()
    }

    fn errors_of(arguments: TokenStream, item: TokenStream) -> Vec<String> {
        let errors = expand(&arguments, &item).unwrap_err();
        errors.into_iter().map(|error| error.to_string()).collect()
    }

    #[test]
    fn a_service_gets_a_static_its_exports_and_a_guard() {
        let expected = quote! {
            const _: () = {
                static GUEST: ::jamsocket_wasm::__private::Guest<Counter> =
                    ::jamsocket_wasm::__private::Guest::new();
                #[cfg(target_arch = "wasm32")]
                ::jamsocket_wasm::__export!(GUEST);
                let _ = &GUEST;
            };
            #[doc(hidden)]
                #[macro_export]
            macro_rules! one_jamsocket_wasm_per_crate__move_the_other_service_to_a_crate_of_its_own {
                () => {};
            }
        };
        assert_eq!(
            additions_to(quote!(
                struct Counter(i32);
            )),
            expected.to_string()
        );
    }

    #[test]
    fn structs_enums_and_aliases_are_treated_alike() {
        let of_struct = additions_to(quote!(
            struct Room;
        ));
        assert_eq!(
            additions_to(quote!(
                enum Room {
                    Open,
                }
            )),
            of_struct
        );
        assert_eq!(
            additions_to(quote!(
                type Room = Of<u8>;
            )),
            of_struct
        );
    }

    #[test]
    fn attributes_and_visibility_make_no_difference() {
        let item = quote! {
            /// A room.
            #[derive(Debug)]
            pub(crate) struct Room;
        };
        assert_eq!(
            additions_to(item),
            additions_to(quote!(
                struct Room;
            ))
        );
    }

    #[test]
    fn arguments_are_refused() {
        assert_eq!(
            errors_of(
                quote!(name = "lobby"),
                quote!(
                    struct Room;
                )
            ),
            ["`#[jamsocket_wasm]` takes no arguments: write it bare"]
        );
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let errors = errors_of(
            quote!(lobby),
            quote!(
                struct Room<T>(T);
            ),
        );
        assert_eq!(errors.len(), 2, "{errors:?}");
        assert!(errors[0].contains("takes no arguments"), "{errors:?}");
        assert!(errors[1].contains("generic"), "{errors:?}");
    }
}
