use crate::{
    arguments::Arguments, docs, method::Method, model::BusTrait, names, output::Output, topic,
};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::Path;

/// What calls the methods of the trait in another module.
pub(crate) fn write(bus: &BusTrait, arguments: &Arguments) -> TokenStream {
    let BusTrait { visibility, name, methods, .. } = bus;
    let client = names::client(name);
    let line = format!(
        "Calls [`{name}`] in another module, or of an object there, which ends with the last clone \
         of its client."
    );
    let called = methods.iter().map(|method| called(bus, method, arguments));
    let constructors = constructors(bus);
    let future = future(&client);
    let implementation = implementation(bus, &client);
    quote! {
        #[doc = #line]
        #[derive(::core::fmt::Debug, ::core::clone::Clone)]
        #[allow(dead_code, reason = "as for the messages")]
        #visibility struct #client {
            target: ::wasm_bus::__private::Target,
        }

        #[allow(dead_code, deprecated, clippy::too_many_arguments, reason = "as for the messages")]
        impl #client {
            #constructors
            #(#called)*
        }

        #future
        #implementation
    }
}

/// What every client has, whatever its trait.
fn constructors(bus: &BusTrait) -> TokenStream {
    let visibility = &bus.visibility;
    quote! {
        /// Calls the module `wapm`, or the host where that is `os`.
        #visibility fn new(wapm: &str) -> Self {
            Self { target: ::wasm_bus::__private::Target::module(wapm) }
        }

        /// Calls the module `wapm` in an instance that the host knows by this name.
        #visibility fn new_with_instance(wapm: &str, instance: &str, access_token: &str) -> Self {
            Self {
                target: ::wasm_bus::__private::Target::instance(wapm, instance, access_token),
            }
        }

        /// Calls an object.
        #visibility fn attach(object: ::wasm_bus::abi::DetachedCall<()>) -> Self {
            Self { target: ::wasm_bus::__private::Target::object(object) }
        }

        /// Always 0: a client is no call.
        #visibility fn id(&self) -> u32 {
            0
        }

        /// Always `None`: a client is no call.
        #visibility fn handle(&self) -> ::core::option::Option<::wasm_bus::abi::CallHandle> {
            ::core::option::Option::None
        }

        /// The handle of the object that is called.
        #visibility fn parent_handle(&self) -> ::core::option::Option<::wasm_bus::abi::CallHandle> {
            self.target.object_handle()
        }

        /// Returns at once: an object is there when its client is.
        ///
        /// # Errors
        ///
        /// None.
        #visibility fn wait(self) -> ::core::result::Result<(), ::wasm_bus::abi::CallError> {
            ::core::result::Result::Ok(())
        }

        /// Says at once that there is nothing to wait for, as [`wait`](Self::wait) does.
        ///
        /// # Errors
        ///
        /// None.
        #visibility fn try_wait(
            &mut self,
        ) -> ::core::result::Result<::core::option::Option<()>, ::wasm_bus::abi::CallError> {
            ::core::result::Result::Ok(::core::option::Option::Some(()))
        }
    }
}

/// The method that calls, and the one that also waits.
fn called(bus: &BusTrait, method: &Method, arguments: &Arguments) -> TokenStream {
    let visibility = &bus.visibility;
    let Method { attributes, name, blocking, output, .. } = method;
    let docs = docs::or(attributes, &format!("Calls `{name}`."));
    let others: Vec<_> = docs::others(attributes).collect();
    let blocking_line =
        format!("[`{name}`](Self::{name}), and waits for it as `wasm_bus::task::block_on` does.");
    let (declarations, passed) = (method.declarations(), method.arguments());
    let result = output.result();
    let prepared = prepared(bus, method, arguments);
    let body = match output {
        Output::Value(ty) => quote!(#prepared.invoke().join::<#ty>().await),
        Output::Object { bus, arc } => {
            let client = client_at(bus);
            quote! {
                ::core::result::Result::Ok(#arc::new(<#client>::attach(
                    #prepared.detach::<()>().await?
                )))
            }
        }
    };
    quote! {
        #docs
        ///
        /// # Errors
        ///
        /// Why the call failed.
        #(#others)*
        #visibility async fn #name(&self, #declarations) -> #result {
            #body
        }

        #[doc = #blocking_line]
        ///
        /// # Errors
        ///
        /// Why the call failed.
        #(#others)*
        #visibility fn #blocking(&self, #declarations) -> #result {
            ::wasm_bus::task::block_on(Self::#name(self, #passed))
        }
    }
}

/// The call with its request and its callbacks, before it is made.
fn prepared(bus: &BusTrait, method: &Method, arguments: &Arguments) -> TokenStream {
    let message = Ident::new("message", Span::mixed_site());
    let format = arguments.format.expression();
    let (request, topic) = (&method.request, topic::of(&method.request, arguments));
    let fields = method.fields().map(|field| field.name);
    let callbacks = method.callbacks(&bus.name).map(|callback| {
        let (name, message_type) = (callback.name, &callback.message);
        let topic = topic::of(message_type, arguments);
        quote! {
            .callback_on(#topic, #format, move |#message: #message_type| #name(#message.0))
        }
    });
    quote! {
        self.target.call(#topic, #format, &#request { #(#fields,)* }) #(#callbacks)*
    }
}

fn future(client: &Ident) -> TokenStream {
    quote! {
        impl ::core::future::Future for #client {
            type Output = ::core::result::Result<(), ::wasm_bus::abi::CallError>;

            fn poll(
                self: ::core::pin::Pin<&mut Self>,
                _: &mut ::core::task::Context<'_>,
            ) -> ::core::task::Poll<Self::Output> {
                ::core::task::Poll::Ready(::core::result::Result::Ok(()))
            }
        }
    }
}

fn implementation(bus: &BusTrait, client: &Ident) -> TokenStream {
    let BusTrait { name, methods, .. } = bus;
    let methods = methods.iter().map(|method| {
        let name = &method.name;
        let (declarations, passed) = (method.declarations(), method.arguments());
        let result = method.output.result();
        quote! {
            async fn #name(&self, #declarations) -> #result {
                #client::#name(self, #passed).await
            }
        }
    });
    quote! {
        #[allow(deprecated, clippy::too_many_arguments, reason = "the trait's affair")]
        #[::wasm_bus::async_trait::async_trait]
        impl #name for #client {
            #(#methods)*

            fn as_client(&self) -> ::core::option::Option<#client> {
                ::core::option::Option::Some(::core::clone::Clone::clone(self))
            }

            fn parent_handle(&self) -> ::core::option::Option<::wasm_bus::abi::CallHandle> {
                #client::parent_handle(self)
            }
        }
    }
}

/// The client beside a trait.
fn client_at(bus: &Path) -> Path {
    let mut path = bus.clone();
    if let Some(last) = path.segments.last_mut() {
        last.ident = names::client(&last.ident);
    }
    path
}
