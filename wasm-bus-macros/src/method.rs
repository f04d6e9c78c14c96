use crate::{
    mistakes::Mistakes,
    names,
    output::Output,
    parameter::{self, Parameter},
};
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Attribute, FnArg, Receiver, ReceiverKind, Safety, Signature, TraitItemFn, Type};

/// A method of a bus trait.
pub(crate) struct Method {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) name: Ident,
    /// The name of the method that blocks.
    pub(crate) blocking: Ident,
    /// The type of its requests.
    pub(crate) request: Ident,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) output: Output,
}

/// A field of a request.
pub(crate) struct Field<'a> {
    pub(crate) attributes: &'a [Attribute],
    pub(crate) name: &'a Ident,
    pub(crate) ty: &'a Type,
}

/// A callback, and the type of its messages.
pub(crate) struct Callback<'a> {
    pub(crate) name: &'a Ident,
    pub(crate) message: Ident,
    pub(crate) ty: &'a Type,
}

impl Method {
    /// Reads a method. `None` where a type in it is wrong: the compiler would only tell that again.
    pub(crate) fn read(bus: &Ident, method: &TraitItemFn, mistakes: &mut Mistakes) -> Option<Self> {
        let signature = &method.sig;
        check_qualifiers(signature, mistakes);
        check_receiver(signature, mistakes);
        check_attributes(&method.attrs, mistakes);
        mistakes.take(method.modifiers.require_empty());
        if let Some(body) = &method.default {
            mistakes.at(body, "a bus method has no body: a server implements it");
        }
        let mut in_types = Mistakes::default();
        let parameters = parameter::read_all(signature.inputs.iter(), &mut in_types);
        let output = Output::read(&signature.output, &mut in_types);
        let output = mistakes.take(in_types.into_result()).and(output)?;
        let name = signature.ident.clone();
        Some(Method {
            attributes: method.attrs.clone(),
            blocking: names::blocking(&name),
            request: names::request(bus, &name),
            name,
            parameters,
            output,
        })
    }

    /// What is sent with a call.
    pub(crate) fn fields(&self) -> impl Iterator<Item = Field<'_>> {
        self.parameters.iter().filter_map(|parameter| match parameter {
            Parameter::Field { attributes, name, ty } => Some(Field { attributes, name, ty }),
            Parameter::Callback { .. } => None,
        })
    }

    /// What takes messages meanwhile.
    pub(crate) fn callbacks(&self, bus: &Ident) -> impl Iterator<Item = Callback<'_>> {
        self.parameters.iter().filter_map(|parameter| match parameter {
            Parameter::Field { .. } => None,
            Parameter::Callback { name, message } => {
                let ty = message;
                Some(Callback { name, message: names::callback(bus, &self.name, name), ty })
            }
        })
    }

    /// The arguments by name, for calling the method.
    pub(crate) fn arguments(&self) -> TokenStream {
        let names = self.parameters.iter().map(Parameter::name);
        quote!(#(#names,)*)
    }

    /// The arguments with their types, for declaring it.
    pub(crate) fn declarations(&self) -> TokenStream {
        let declarations = self.parameters.iter().map(Parameter::declaration);
        quote!(#(#declarations,)*)
    }
}

fn check_qualifiers(signature: &Signature, mistakes: &mut Mistakes) {
    if signature.asyncness.is_none() {
        mistakes.at(
            signature.fn_token,
            "a bus method is an `async fn`: its answer comes from another module",
        );
    }
    if let Some(constness) = &signature.constness {
        mistakes.at(constness, "a bus method is an `async fn`, and nothing else");
    }
    if let Safety::Unsafe(_) | Safety::Safe(_) = &signature.safety {
        mistakes.at(&signature.safety, "a bus method is an `async fn`, and nothing else");
    }
    if let Some(abi) = &signature.abi {
        mistakes.at(abi, "a bus method is an `async fn`, and nothing else");
    }
    if !signature.generics.params.is_empty() {
        mistakes.at(
            &signature.generics,
            "a bus method is not generic: each of its messages is one type",
        );
    }
    if let Some(clause) = &signature.generics.where_clause {
        mistakes.at(clause, "a bus method is not generic: each of its messages is one type");
    }
    if let Some(variadic) = &signature.variadic {
        mistakes.at(variadic, "a bus method takes the arguments that it names");
    }
}

fn check_receiver(signature: &Signature, mistakes: &mut Mistakes) {
    const EXPECTED: &str = "a bus method takes `&self`: many calls may be under way at a time";
    match signature.inputs.first() {
        Some(FnArg::Receiver(receiver)) if is_shared(receiver) => {
            for attribute in &receiver.attrs {
                mistakes.at(attribute, "`&self` has no attributes here");
            }
        }
        Some(FnArg::Receiver(receiver)) => mistakes.at(receiver, EXPECTED),
        Some(FnArg::Typed(_)) | None => mistakes.at(&signature.ident, EXPECTED),
    }
}

fn is_shared(receiver: &Receiver) -> bool {
    matches!(receiver.kind, ReceiverKind::Reference(_, None, None)) && receiver.mutability.is_none()
}

/// What else there could be would stand on several methods, or mean something else there.
fn check_attributes(attributes: &[Attribute], mistakes: &mut Mistakes) {
    for attribute in attributes {
        if !["doc", "deprecated", "allow"].iter().any(|name| attribute.path().is_ident(name)) {
            mistakes.at(
                attribute,
                "a bus method may have docs, `deprecated` and `allow`: this would be lost",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Method;
    use crate::mistakes::Mistakes;
    use proc_macro2::{Ident, Span, TokenStream};
    use quote::quote;

    fn read(method: TokenStream) -> (Option<Method>, Vec<String>) {
        let mut mistakes = Mistakes::default();
        let bus = Ident::new("Bus", Span::call_site());
        let method = Method::read(&bus, &syn::parse2(method).unwrap(), &mut mistakes);
        (method, mistakes.messages())
    }

    #[test]
    fn arguments_are_fields_and_callbacks_in_order() {
        let (method, mistakes) = read(quote! {
            async fn spawn(&self, spawn: Spawn, stdout: impl Fn(Vec<u8>), pid: u32) -> Arc<dyn Process>;
        });
        assert!(mistakes.is_empty(), "{mistakes:?}");
        let method = method.unwrap();
        assert_eq!(method.request, "BusSpawnRequest");
        assert_eq!(method.blocking, "blocking_spawn");
        let fields: Vec<_> = method.fields().map(|field| field.name.to_string()).collect();
        assert_eq!(fields, ["spawn", "pid"]);
        let bus = Ident::new("Bus", Span::call_site());
        let callbacks: Vec<_> =
            method.callbacks(&bus).map(|callback| callback.message.to_string()).collect();
        assert_eq!(callbacks, ["BusSpawnStdoutCallback"]);
        assert_eq!(method.arguments().to_string(), "spawn , stdout , pid ,");
    }

    #[test]
    fn what_is_no_bus_method_is_told() {
        for (method, expected) in [
            (
                quote!(
                    fn m(&self);
                ),
                "is an `async fn`",
            ),
            (
                quote!(
                    async fn m();
                ),
                "takes `&self`",
            ),
            (
                quote!(
                    async fn m(a: u8);
                ),
                "takes `&self`",
            ),
            (
                quote!(
                    async fn m(self);
                ),
                "takes `&self`",
            ),
            (
                quote!(
                    async fn m(&mut self);
                ),
                "takes `&self`",
            ),
            (
                quote!(
                    async fn m(&'a self);
                ),
                "takes `&self`",
            ),
            (
                quote!(
                    async fn m(self: &Self);
                ),
                "takes `&self`",
            ),
            (
                quote!(
                    async fn m<T>(&self);
                ),
                "not generic",
            ),
            (
                quote!(
                    async fn m(&self)
                    where
                        u8: Copy;
                ),
                "not generic",
            ),
            (
                quote!(
                    async unsafe fn m(&self);
                ),
                "nothing else",
            ),
            (
                quote!(
                    async extern "C" fn m(&self);
                ),
                "nothing else",
            ),
            (
                quote!(
                    async fn m(&self) {}
                ),
                "no body",
            ),
            (
                quote!(
                    #[cfg(unix)]
                    async fn m(&self);
                ),
                "would be lost",
            ),
        ] {
            let (_, mistakes) = read(method.clone());
            assert_eq!(mistakes.len(), 1, "{method}: {mistakes:?}");
            assert!(mistakes[0].contains(expected), "{method}: {mistakes:?}");
        }
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let (_, mistakes) = read(quote!(
            fn m(mut self, a: &str) -> impl Copy;
        ));
        assert_eq!(mistakes.len(), 4, "{mistakes:?}");
    }
}
