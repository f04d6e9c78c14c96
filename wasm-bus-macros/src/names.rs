use convert_case::{Case, Casing};
use proc_macro2::Ident;
use quote::format_ident;
use syn::ext::IdentExt;

/// The type of a method's requests. The topic of its calls ends in it, so it is part of the wire.
pub(crate) fn request(bus: &Ident, method: &Ident) -> Ident {
    let name = format!("{}_{}_request", bus.unraw(), method.unraw());
    Ident::new(&name.to_case(Case::Pascal), method.span())
}

/// The type of the messages for a callback. The topic of those ends in it.
pub(crate) fn callback(bus: &Ident, method: &Ident, parameter: &Ident) -> Ident {
    let (bus, method, parameter) = (bus.unraw(), method.unraw(), parameter.unraw());
    let name = format!("{bus}_{method}_{parameter}_callback");
    Ident::new(&name.to_case(Case::Pascal), parameter.span())
}

/// The method that blocks until the call of another one has its answer.
pub(crate) fn blocking(method: &Ident) -> Ident {
    format_ident!("blocking_{}", method)
}

/// The type that calls a trait's methods.
pub(crate) fn client(bus: &Ident) -> Ident {
    format_ident!("{}Client", bus)
}

/// The type that has a trait's methods called.
pub(crate) fn service(bus: &Ident) -> Ident {
    format_ident!("{}Service", bus)
}

/// The trait that a server implements.
pub(crate) fn simplified(bus: &Ident) -> Ident {
    format_ident!("{}Simplified", bus)
}

#[cfg(test)]
mod tests {
    use super::{blocking, callback, client, request, service, simplified};
    use proc_macro2::{Ident, Span};

    fn name(text: &str) -> Ident {
        match text.strip_prefix("r#") {
            Some(raw) => Ident::new_raw(raw, Span::call_site()),
            None => Ident::new(text, Span::call_site()),
        }
    }

    fn request_of(bus: &str, method: &str) -> String {
        request(&name(bus), &name(method)).to_string()
    }

    #[test]
    fn requests_are_named_as_on_the_wire() {
        for (bus, method, expected) in [
            ("Time", "sleep", "TimeSleepRequest"),
            ("SocketBuilder", "connect", "SocketBuilderConnectRequest"),
            ("Process", "close_stdin", "ProcessCloseStdinRequest"),
            ("HTTPServer2", "get_url2_x", "HttpServer2GetUrl2XRequest"),
            ("WebGL", "v4l", "WebGlV4LRequest"),
            ("A", "b", "ABRequest"),
            ("Foo_", "_bar_", "FooBarRequest"),
            ("snake_case", "camelCase", "SnakeCaseCamelCaseRequest"),
            ("SHOUT", "m2", "ShoutM2Request"),
            ("IPv4Address", "to_u32", "IPv4AddressToU32Request"),
            ("X1y2Z3", "a1b", "X1Y2Z3A1BRequest"),
        ] {
            assert_eq!(request_of(bus, method), expected);
        }
    }

    #[test]
    fn callbacks_are_named_as_on_the_wire() {
        let named = |bus, method, parameter| {
            callback(&name(bus), &name(method), &name(parameter)).to_string()
        };
        assert_eq!(
            named("SocketBuilder", "connect", "state_change"),
            "SocketBuilderConnectStateChangeCallback"
        );
        assert_eq!(named("Calc", "count", "step"), "CalcCountStepCallback");
        assert_eq!(named("Pool", "spawn", "stdout"), "PoolSpawnStdoutCallback");
    }

    #[test]
    fn a_raw_name_is_named_by_what_it_says() {
        assert_eq!(request_of("Shop", "r#type"), "ShopTypeRequest");
        assert_eq!(blocking(&name("r#type")).to_string(), "blocking_type");
    }

    #[test]
    fn what_is_no_message_keeps_the_case_of_the_trait() {
        assert_eq!(client(&name("HTTPServer")).to_string(), "HTTPServerClient");
        assert_eq!(service(&name("WebGL")).to_string(), "WebGLService");
        assert_eq!(simplified(&name("calc")).to_string(), "calcSimplified");
    }
}
