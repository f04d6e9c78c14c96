use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::{
    Error, LitStr, Result, Token,
    parse::{Parse, ParseStream},
};

/// What is written in `#[wasm_bus(...)]`.
#[derive(Debug)]
pub(crate) struct Arguments {
    pub(crate) format: Format,
    /// What stands before the name of a message's type in its topic, in place of its module.
    pub(crate) path: Option<String>,
}

/// How the messages of the trait are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Bincode,
    MessagePack,
}

const EXPECTED: &str = "say how messages are written: `#[wasm_bus(format = \"json\")]`, or `bincode`, or `messagepack`";

impl Format {
    /// The expression of it in the code that is made.
    pub(crate) fn expression(self) -> TokenStream {
        match self {
            Format::Json => quote!(::wasm_bus::abi::SerializationFormat::Json),
            Format::Bincode => quote!(::wasm_bus::abi::SerializationFormat::Bincode),
            Format::MessagePack => quote!(::wasm_bus::abi::SerializationFormat::MessagePack),
        }
    }

    fn named(name: &LitStr) -> Result<Self> {
        match name.value().as_str() {
            "json" => Ok(Format::Json),
            "bincode" => Ok(Format::Bincode),
            "messagepack" => Ok(Format::MessagePack),
            other => Err(Error::new(
                name.span(),
                format!("there is no format `{other}`: it is `json`, `bincode` or `messagepack`"),
            )),
        }
    }
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let (mut format, mut path) = (None, None);
        while !input.is_empty() {
            let name: Ident = input.parse().map_err(|error| Error::new(error.span(), EXPECTED))?;
            input.parse::<Token![=]>()?;
            let value: LitStr = input.parse()?;
            let taken = match name.to_string().as_str() {
                "format" => format.replace(Format::named(&value)?).is_some(),
                "path" => path.replace(path_in(&value)?).is_some(),
                other => {
                    let message = format!("`{other}` is no argument: they are `format` and `path`");
                    return Err(Error::new(name.span(), message));
                }
            };
            if taken {
                return Err(Error::new(name.span(), format!("`{name}` is given twice")));
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        let format = format.ok_or_else(|| Error::new(Span::call_site(), EXPECTED))?;
        Ok(Arguments { format, path })
    }
}

/// A path of modules, such as `calculator::api`.
fn path_in(value: &LitStr) -> Result<String> {
    let path = value.value();
    let is_name = |part: &str| syn::parse_str::<Ident>(part).is_ok();
    if path.split("::").all(is_name) {
        return Ok(path);
    }
    Err(Error::new(value.span(), format!("`{path}` is no path of modules, such as `calc::api`")))
}

#[cfg(test)]
mod tests {
    use super::{Arguments, Format};
    use quote::quote;

    fn read(arguments: proc_macro2::TokenStream) -> Result<(Format, Option<String>), String> {
        syn::parse2::<Arguments>(arguments)
            .map(|arguments| (arguments.format, arguments.path))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_format_is_one_of_three() {
        assert_eq!(read(quote!(format = "json")), Ok((Format::Json, None)));
        assert_eq!(read(quote!(format = "bincode",)), Ok((Format::Bincode, None)));
        assert_eq!(read(quote!(format = "messagepack")), Ok((Format::MessagePack, None)));
        let error = read(quote!(format = "yaml")).unwrap_err();
        assert_eq!(error, "there is no format `yaml`: it is `json`, `bincode` or `messagepack`");
    }

    #[test]
    fn the_path_of_topics_may_be_given() {
        let given = read(quote!(path = "wasm_bus_time::api", format = "json"));
        assert_eq!(given, Ok((Format::Json, Some("wasm_bus_time::api".to_owned()))));
        for path in ["", "a::", "a b", "::a", "a:b"] {
            let error = read(quote!(format = "json", path = #path)).unwrap_err();
            assert!(error.contains("is no path of modules"), "{path:?}: {error}");
        }
    }

    #[test]
    fn what_is_missing_or_unknown_is_told() {
        assert!(read(quote!()).unwrap_err().contains("say how messages are written"));
        assert!(read(quote!(path = "a")).unwrap_err().contains("say how messages are written"));
        assert!(read(quote!("json")).unwrap_err().contains("say how messages are written"));
        assert_eq!(
            read(quote!(fromat = "json")).unwrap_err(),
            "`fromat` is no argument: they are `format` and `path`"
        );
        assert_eq!(
            read(quote!(format = "json", format = "json")).unwrap_err(),
            "`format` is given twice"
        );
    }
}
