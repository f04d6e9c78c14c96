use crate::{
    arguments::Arguments, client, messages, mistakes::Mistakes, model::BusTrait, service,
    simplified, traits,
};
use proc_macro2::TokenStream;
use quote::quote;

/// What `#[wasm_bus(...)]` makes of a trait.
///
/// Where a method is not as it should be, the errors come with what could be made of the others, so
/// that not every use of the trait is an error too. All paths are absolute, so that nothing that the
/// user's code calls by a name of ours gets in the way.
pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let arguments = mistakes.take(syn::parse2::<Arguments>(arguments));
    let bus = BusTrait::read(item, &mut mistakes);
    let bus = mistakes.take(bus);
    let made = match (arguments, bus) {
        (Some(arguments), Some(bus)) => make(&bus, &arguments),
        _ => TokenStream::new(),
    };
    let mistakes = mistakes.into_tokens();
    quote!(#mistakes #made)
}

fn make(bus: &BusTrait, arguments: &Arguments) -> TokenStream {
    let messages = messages::write(bus);
    let itself = traits::write(bus);
    let simplified = simplified::write(bus);
    let service = service::write(bus, arguments);
    let client = client::write(bus, arguments);
    quote!(#messages #itself #simplified #service #client)
}

#[cfg(test)]
mod tests {
    use super::expand;
    use proc_macro2::TokenStream;
    use quote::quote;
    use std::{env, fs, path::Path};

    fn made(arguments: TokenStream, item: TokenStream) -> String {
        prettyplease::unparse(&syn::parse2(expand(arguments, item)).unwrap())
    }

    /// `GOLDEN=overwrite` writes the file again, to be read before it is kept.
    #[track_caller]
    fn is_as_in(name: &str, made: &str) {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
        if env::var_os("GOLDEN").is_some_and(|how| how == "overwrite") {
            fs::write(&file, made).unwrap();
        }
        let golden = fs::read_to_string(&file).unwrap();
        assert!(made == golden, "{} is not what is made now:\n{made}", file.display());
    }

    #[test]
    fn a_trait_becomes_its_client_and_its_service() {
        let made = made(
            quote!(format = "bincode"),
            quote! {
                /// Counts.
                pub(crate) trait Calc {
                    /// Adds.
                    async fn add(&self, a: i32, #[serde(default)] b: i32) -> i32;
                    async fn count(&self, last: u32, step: impl Fn(u32)) -> Arc<dyn api::Counter>;
                }
            },
        );
        is_as_in("calc.rs", &made);
    }

    #[test]
    fn topics_have_the_path_that_is_given() {
        let item = quote!(
            trait Calc {
                async fn count(&self, step: impl Fn(u32));
            }
        );
        let by_type = made(quote!(format = "json"), item.clone());
        assert!(by_type.contains("::core::any::type_name::<CalcCountRequest>()"), "{by_type}");
        assert!(by_type.contains("::core::any::type_name::<CalcCountStepCallback>()"), "{by_type}");
        let by_path = made(quote!(format = "json", path = "calc::api"), item);
        assert!(by_path.contains("\"calc::api::CalcCountRequest\""), "{by_path}");
        assert!(by_path.contains("\"calc::api::CalcCountStepCallback\""), "{by_path}");
        assert!(!by_path.contains("type_name"), "{by_path}");
    }

    #[test]
    fn the_rest_is_made_where_a_method_is_wrong() {
        let made = made(
            quote!(format = "json"),
            quote!(
                trait Calc {
                    fn add(&self);
                    async fn name(&self, name: &str);
                    async fn ok(&self);
                }
            ),
        );
        assert_eq!(made.matches("compile_error!").count(), 2, "{made}");
        assert!(made.contains("struct CalcClient") && made.contains("fn ok("), "{made}");
        assert!(!made.contains("fn name("), "{made}");
    }

    #[test]
    fn nothing_is_made_where_the_whole_is_wrong() {
        for (arguments, item) in [
            (
                quote!(),
                quote!(
                    trait Calc {}
                ),
            ),
            (
                quote!(format = "json"),
                quote!(
                    trait Calc<T> {}
                ),
            ),
            (
                quote!(format = "json"),
                quote!(
                    struct Calc;
                ),
            ),
        ] {
            let made = made(arguments, item);
            assert_eq!(made.matches("compile_error!").count(), 1, "{made}");
            assert!(!made.contains("CalcClient"), "{made}");
        }
    }
}
