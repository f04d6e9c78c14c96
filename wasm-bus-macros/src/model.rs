use crate::{method::Method, mistakes::Mistakes};
use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use std::collections::HashMap;
use syn::{Attribute, Error, ItemTrait, Result, TraitItem, TypeParamBound, Visibility, parse2};

/// A trait whose methods are called over the bus.
pub(crate) struct BusTrait {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) name: Ident,
    pub(crate) methods: Vec<Method>,
}

/// What a client is, has and does whatever its trait: no method can have these names.
const TAKEN: [&str; 9] = [
    "new",
    "new_with_instance",
    "attach",
    "id",
    "as_client",
    "handle",
    "parent_handle",
    "wait",
    "try_wait",
];

impl BusTrait {
    /// Reads the trait that the attribute is on. What is wrong with a method is added to `mistakes`,
    /// and the others are there all the same.
    ///
    /// # Errors
    ///
    /// What is wrong with the trait as a whole.
    pub(crate) fn read(item: TokenStream, mistakes: &mut Mistakes) -> Result<Self> {
        let item = parse_trait(item)?;
        check_head(&item)?;
        let mut methods = Vec::new();
        for member in &item.items {
            match member {
                TraitItem::Fn(method) => {
                    methods.extend(Method::read(&item.ident, method, mistakes));
                }
                _ => mistakes.at(member, "a bus trait has methods, and nothing else"),
            }
        }
        let methods = with_names_of_their_own(&item.ident, methods, mistakes);
        Ok(BusTrait { attributes: item.attrs, visibility: item.vis, name: item.ident, methods })
    }
}

/// The methods that can be beside each other. The others are told of.
fn with_names_of_their_own(
    bus: &Ident,
    methods: Vec<Method>,
    mistakes: &mut Mistakes,
) -> Vec<Method> {
    let blocking: Vec<Ident> = methods.iter().map(|method| method.blocking.clone()).collect();
    let mut messages = HashMap::new();
    let mut free = Vec::new();
    for method in methods {
        match why_taken(bus, &method, &blocking, &mut messages) {
            Some(reason) => mistakes.at(&method.name, reason),
            None => free.push(method),
        }
    }
    free
}

/// Why there cannot be a method of this name here. Its messages are added to those that there are.
fn why_taken(
    bus: &Ident,
    method: &Method,
    blocking: &[Ident],
    messages: &mut HashMap<Ident, Ident>,
) -> Option<String> {
    let name = &method.name;
    if TAKEN.iter().any(|taken| name == taken) {
        return Some(format!("every client has a method `{name}` already"));
    }
    if blocking.contains(name) {
        return Some(format!("`{name}` is how another method is called that blocks"));
    }
    let callbacks = method.callbacks(bus).map(|callback| callback.message);
    for message in callbacks.chain([method.request.clone()]) {
        if let Some(other) = messages.get(&message) {
            return Some(format!("`{name}` and `{other}` would both have a message `{message}`"));
        }
        messages.insert(message, name.clone());
    }
    None
}

fn parse_trait(item: TokenStream) -> Result<ItemTrait> {
    parse2::<ItemTrait>(item.clone()).map_err(|error| {
        let is_trait = item.into_iter().any(|token| token.to_string() == "trait");
        if is_trait {
            return error;
        }
        Error::new(
            error.span(),
            "`#[wasm_bus]` goes on a trait; what implements one takes `#[async_trait]`",
        )
    })
}

/// What belongs to the trait as a whole.
fn check_head(item: &ItemTrait) -> Result<()> {
    let mut mistakes = Mistakes::default();
    if let Some(unsafety) = &item.unsafety {
        mistakes.at(unsafety, "a bus trait is a plain trait");
    }
    mistakes.take(item.modifiers.require_empty());
    if !item.generics.params.is_empty() {
        mistakes.at(
            &item.generics,
            "a bus trait is not generic: who calls it knows it by its name alone",
        );
    }
    if let Some(clause) = &item.generics.where_clause {
        mistakes.at(clause, "a bus trait is not generic: there is nothing to be said of its types");
    }
    for bound in &item.supertraits {
        if !is_implied(bound) {
            mistakes.at(
                bound,
                "a bus trait is `Debug + Send + Sync`, and cannot ask for more: its clients have \
                 no more",
            );
        }
    }
    mistakes.into_result()
}

/// Every bus trait has these without being asked.
fn is_implied(bound: &TypeParamBound) -> bool {
    match bound {
        TypeParamBound::Trait(bound) => bound.path.segments.last().is_some_and(|name| {
            ["Debug", "Send", "Sync"].iter().any(|implied| name.ident == implied)
        }),
        bound => bound.to_token_stream().to_string() == "'static",
    }
}

#[cfg(test)]
mod tests {
    use super::BusTrait;
    use crate::mistakes::Mistakes;
    use proc_macro2::TokenStream;
    use quote::quote;

    fn read(item: TokenStream) -> Result<BusTrait, Vec<String>> {
        let mut mistakes = Mistakes::default();
        match BusTrait::read(item, &mut mistakes) {
            Ok(bus) if mistakes.is_empty() => Ok(bus),
            Ok(_) => Err(mistakes.messages()),
            Err(error) => Err(mistakes
                .messages()
                .into_iter()
                .chain(error.into_iter().map(|e| e.to_string()))
                .collect()),
        }
    }

    #[test]
    fn a_trait_is_its_methods() {
        let bus = read(quote! {
            /// Sums.
            #[allow(dead_code)]
            pub(crate) trait Calc: std::fmt::Debug + Send + Sync + 'static {
                async fn add(&self, a: i32, b: i32) -> i32;
                /// To zero.
                async fn clear(&self);
            }
        })
        .unwrap();
        assert_eq!(bus.name, "Calc");
        assert_eq!(bus.attributes.len(), 2);
        let methods: Vec<_> = bus.methods.iter().map(|method| method.name.to_string()).collect();
        assert_eq!(methods, ["add", "clear"]);
    }

    #[test]
    fn what_is_no_trait_is_told_where_the_attribute_goes() {
        for item in [
            quote!(
                struct Calc;
            ),
            quote!(impl Calc for Server {}),
            quote!(
                async fn add() {}
            ),
            quote!(
                mod calc {}
            ),
        ] {
            let mistakes = read(item.clone()).err().unwrap();
            assert!(mistakes[0].contains("goes on a trait"), "{item}: {mistakes:?}");
        }
    }

    #[test]
    fn what_is_no_bus_trait_is_told() {
        for (item, expected) in [
            (
                quote!(
                    trait A<T> {}
                ),
                "not generic",
            ),
            (
                quote!(
                    trait A where
                        u8: Copy,
                    {
                    }
                ),
                "not generic",
            ),
            (
                quote!(
                    trait A: Clone {}
                ),
                "cannot ask for more",
            ),
            (
                quote!(
                    unsafe trait A {}
                ),
                "a plain trait",
            ),
            (
                quote!(
                    trait A {
                        const C: u8;
                    }
                ),
                "nothing else",
            ),
            (
                quote!(
                    trait A {
                        type T;
                    }
                ),
                "nothing else",
            ),
            (
                quote!(
                    trait A {
                        async fn wait(&self);
                    }
                ),
                "already",
            ),
            (
                quote!(
                    trait A {
                        async fn m(&self);
                        async fn blocking_m(&self);
                    }
                ),
                "blocks",
            ),
            (
                quote!(
                    trait A {
                        async fn get_url(&self);
                        async fn getUrl(&self);
                    }
                ),
                "would both",
            ),
        ] {
            let mistakes = read(item.clone()).err().unwrap();
            assert_eq!(mistakes.len(), 1, "{item}: {mistakes:?}");
            assert!(mistakes[0].contains(expected), "{item}: {mistakes:?}");
        }
    }
}
