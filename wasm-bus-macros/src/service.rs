use crate::{arguments::Arguments, method::Method, model::BusTrait, names, output::Output, topic};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use syn::Path;

/// What has an implementation of the trait called.
pub(crate) fn write(bus: &BusTrait, arguments: &Arguments) -> TokenStream {
    let BusTrait { visibility, name, methods, .. } = bus;
    let service = names::service(name);
    let line = format!("Has an implementation of [`{name}`] called by other modules.");
    let locals = Locals::default();
    let Locals { server, object, .. } = &locals;
    let arc = arc_of(name);
    let listened = methods.iter().map(|method| taken(method, arguments, &locals, None));
    let attached = methods.iter().map(|method| taken(method, arguments, &locals, Some(object)));
    let answers = methods.iter().map(|method| answer(bus, method, arguments, &locals));
    quote! {
        #[doc = #line]
        #[derive(::core::fmt::Debug, ::core::clone::Clone)]
        #[allow(dead_code, reason = "as for the messages")]
        #visibility struct #service {}

        #[allow(dead_code, deprecated, clippy::too_many_arguments, reason = "as for the messages")]
        impl #service {
            /// Answers the calls of other modules by `server` from now on.
            #visibility fn listen(#server: #arc) {
                #(#listened)*
                ::core::mem::drop(#server);
            }

            /// Answers the calls to an object by `server`: `object` is the call that the object was
            /// the answer to.
            #visibility fn attach(#server: #arc, #object: ::wasm_bus::abi::CallHandle) {
                #(#attached)*
                ::core::mem::drop((#server, #object));
            }

            /// Has the module go on serving when its `main` returns.
            #visibility fn serve() {
                ::wasm_bus::task::serve();
            }

            #(#answers)*
        }
    }
}

/// Names that the arguments of a method cannot be mistaken for.
struct Locals {
    server: Ident,
    object: Ident,
    call: Ident,
    request: Ident,
    message: Ident,
}

impl Default for Locals {
    fn default() -> Self {
        let local = |name| Ident::new(name, Span::mixed_site());
        Locals {
            server: local("server"),
            object: local("object"),
            call: local("call"),
            request: local("request"),
            message: local("message"),
        }
    }
}

fn arc_of(bus: &Ident) -> TokenStream {
    quote! {
        ::std::sync::Arc<dyn #bus + ::core::marker::Send + ::core::marker::Sync + 'static>
    }
}

/// Takes the calls of one method, to the module or to an object.
fn taken(
    method: &Method,
    arguments: &Arguments,
    locals: &Locals,
    object: Option<&Ident>,
) -> TokenStream {
    let Locals { server, call, request, .. } = locals;
    let (topic, format) = (topic::of(&method.request, arguments), arguments.format.expression());
    let stays = matches!(method.output, Output::Object { .. });
    let (answer, message) = (answer_name(&method.name), &method.request);
    let handler = quote! {
        {
            let #server = ::std::sync::Arc::clone(&#server);
            move |#call: ::wasm_bus::__private::InboundCall, #request: #message| {
                Self::#answer(::std::sync::Arc::clone(&#server), #call, #request)
            }
        }
    };
    match object {
        None => quote! {
            ::wasm_bus::__private::listen_on(#topic, #format, #stays, #handler);
        },
        Some(object) => quote! {
            ::wasm_bus::__private::respond_to_on(#object, #topic, #format, #stays, #handler);
        },
    }
}

/// Answers one call of a method.
fn answer(bus: &BusTrait, method: &Method, arguments: &Arguments, locals: &Locals) -> TokenStream {
    let Locals { server, object, call, request, message } = locals;
    let (answer, name, message_type) = (answer_name(&method.name), &method.name, &method.request);
    let fields: Vec<_> = method.fields().map(|field| field.name).collect();
    let format = arguments.format.expression();
    let callbacks = method.callbacks(&bus.name).map(|callback| {
        let (name, message_type, ty) = (callback.name, &callback.message, callback.ty);
        let topic = topic::of(message_type, arguments);
        quote! {
            let #name = ::std::boxed::Box::new(move |#message: #ty| {
                #call.feed(#topic, #format, &#message_type(#message));
            });
        }
    });
    let passed = method.arguments();
    let bus_name = &bus.name;
    // By the trait: the pointer has methods of its own.
    let called = quote! {
        <dyn #bus_name + ::core::marker::Send + ::core::marker::Sync as #bus_name>::#name(
            &*#server, #passed
        ).await
    };
    let (returned, body) = match &method.output {
        Output::Value(ty) => (ty.clone(), called),
        Output::Object { bus, .. } => {
            let service = service_at(bus);
            let body = quote! {
                let #object = #called?;
                <#service>::attach(#object, #call.handle());
                ::core::result::Result::Ok(())
            };
            (quote!(()), body)
        }
    };
    let arc = arc_of(&bus.name);
    quote! {
        #[allow(unused_variables, reason = "a call is named for its callbacks or its object")]
        async fn #answer(
            #server: #arc,
            #call: ::wasm_bus::__private::InboundCall,
            #request: #message_type,
        ) -> ::core::result::Result<#returned, ::wasm_bus::abi::CallError> {
            let #message_type { #(#fields,)* } = #request;
            #(#callbacks)*
            #body
        }
    }
}

fn answer_name(method: &Ident) -> Ident {
    format_ident!("answer_{}", method)
}

/// The service beside a trait.
fn service_at(bus: &Path) -> Path {
    let mut path = bus.clone();
    if let Some(last) = path.segments.last_mut() {
        last.ident = names::service(&last.ident);
    }
    path
}
