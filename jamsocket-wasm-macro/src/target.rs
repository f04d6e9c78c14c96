use proc_macro2::{Ident, TokenStream};
use syn::{
    Attribute, Error, Generics, Result, Token, Visibility,
    parse::{Parse, ParseStream},
};

/// The head of a type's definition, which is all that the attribute reads of it. The rest is the
/// compiler's business, and may hold syntax that is newer than this crate.
pub(crate) struct Target {
    name: Ident,
    generics: Generics,
}

impl Parse for Target {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        input.call(Attribute::parse_outer)?;
        input.parse::<Visibility>()?;
        if input.peek(Token![struct]) {
            input.parse::<Token![struct]>()?;
        } else if input.peek(Token![enum]) {
            input.parse::<Token![enum]>()?;
        } else if input.peek(Token![type]) {
            input.parse::<Token![type]>()?;
        } else {
            return Err(input.error(
                "`#[jamsocket_wasm]` goes on a struct, an enum or a type alias: \
                 put it on the type that implements `SimpleJamsocketService`",
            ));
        }
        let target = Target { name: input.parse()?, generics: input.parse()? };
        input.parse::<TokenStream>()?;
        Ok(target)
    }
}

impl Target {
    /// The name of the type, if it is one that a module can export.
    ///
    /// # Errors
    ///
    /// Where the type is generic.
    pub(crate) fn check(self) -> Result<Ident> {
        if self.generics.params.is_empty() {
            return Ok(self.name);
        }
        let name = &self.name;
        Err(Error::new_spanned(
            &self.generics,
            format!(
                "a module is one service, so `#[jamsocket_wasm]` cannot go on a generic type: put it \
                 on an alias with the parameters filled in, such as `type Service = {name}<...>;`"
            ),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::Target;
    use proc_macro2::TokenStream;
    use quote::quote;

    fn check(item: TokenStream) -> Result<String, String> {
        syn::parse2::<Target>(item)
            .and_then(Target::check)
            .map(|name| name.to_string())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_plain_type_has_a_name() {
        for item in [
            quote!(
                struct Room;
            ),
            quote!(
                pub struct Room(i32);
            ),
            quote!(
                struct Room {
                    seats: u32,
                }
            ),
            quote!(
                pub(in crate::rooms) enum Room {
                    Open,
                    Closed,
                }
            ),
            quote!(
                type Room = Shared<Vec<u8>, 'static, 3>;
            ),
            quote!(
                struct Room
                where
                    u8: Copy;
            ),
        ] {
            assert_eq!(check(item.clone()).as_deref(), Ok("Room"), "{item}");
        }
    }

    #[test]
    fn the_body_may_hold_syntax_that_nobody_knows_yet() {
        assert_eq!(check(quote!(struct Room { seats ~> u32 = ?, })).as_deref(), Ok("Room"));
    }

    #[test]
    fn every_kind_of_parameter_makes_a_type_generic() {
        for item in [
            quote!(
                struct Room<T>(T);
            ),
            quote!(
                enum Room<'a> {
                    Open(&'a str),
                }
            ),
            quote!(
                struct Room<const SEATS: usize>;
            ),
            quote!(
                type Room<T> = Vec<T>;
            ),
        ] {
            let error = check(item.clone()).unwrap_err();
            assert!(error.contains("type Service = Room<...>;"), "{item}: {error}");
        }
    }

    #[test]
    fn what_is_not_a_type_is_told_where_the_attribute_goes() {
        for item in [
            quote!(
                fn room() {}
            ),
            quote!(
                pub async fn room() {}
            ),
            quote!(impl SimpleJamsocketService for Room {}),
            quote!(
                trait Room {}
            ),
            quote!(union Room { open: u8 }),
            quote!(
                mod room {}
            ),
        ] {
            let error = check(item.clone()).unwrap_err();
            assert!(error.contains("put it on the type"), "{item}: {error}");
        }
    }
}
