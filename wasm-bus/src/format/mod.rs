//! How requests, replies and callbacks are written.

mod bincode;

use crate::CallError;
use serde::{Serialize, de::DeserializeOwned};
use std::{fmt, str::FromStr};

/// How the messages of a trait are written: what `#[wasm_bus(format = "...")]` names.
///
/// Nothing on the wire says which one was used, so both ends of a call have to agree; as they share
/// the crate of the trait, they do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SerializationFormat {
    /// `"json"`: as `serde_json` writes it, without spaces.
    Json,
    /// `"bincode"`: as bincode 1 writes it by default. Little endian; lengths are 64 bits wide,
    /// numbers of variants 32; names are not written.
    Bincode,
    /// `"messagepack"`: as `rmp-serde` writes it by default, structs as arrays.
    MessagePack,
}

impl SerializationFormat {
    /// A message in this format.
    ///
    /// # Errors
    ///
    /// [`CallError::SerializationFailed`] where the format has no way to write the value.
    pub fn encode<T: Serialize + ?Sized>(self, message: &T) -> Result<Vec<u8>, CallError> {
        match self {
            Self::Json => serde_json::to_vec(message).ok(),
            Self::Bincode => bincode::encode(message).ok(),
            Self::MessagePack => rmp_serde::to_vec(message).ok(),
        }
        .ok_or(CallError::SerializationFailed)
    }

    /// The message that these bytes are in this format. What comes after it is an error in json, and
    /// is ignored in the others.
    ///
    /// # Errors
    ///
    /// [`CallError::DeserializationFailed`] where the bytes are no `T`.
    pub fn decode<T: DeserializeOwned>(self, bytes: &[u8]) -> Result<T, CallError> {
        match self {
            Self::Json => serde_json::from_slice(bytes).ok(),
            Self::Bincode => bincode::decode(bytes).ok(),
            Self::MessagePack => rmp_serde::from_slice(bytes).ok(),
        }
        .ok_or(CallError::DeserializationFailed)
    }
}

/// A name that is no format's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is no format: it is `json`, `bincode` or `messagepack`")]
pub struct UnknownFormat {
    name: String,
}

impl FromStr for SerializationFormat {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        match name {
            "json" => Ok(Self::Json),
            "bincode" => Ok(Self::Bincode),
            "messagepack" => Ok(Self::MessagePack),
            _ => Err(UnknownFormat { name: name.to_owned() }),
        }
    }
}

impl fmt::Display for SerializationFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Json => "json",
            Self::Bincode => "bincode",
            Self::MessagePack => "messagepack",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::SerializationFormat::{self, Bincode, Json, MessagePack};
    use crate::CallError;
    use serde::{Deserialize, Serialize};

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Request {
        a: i32,
        note: Option<String>,
        b: u128,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Callback(Vec<u8>);

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct NoArguments {}

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Shape {
        Point,
        Circle(f64),
        Box { wide: u8, high: u8 },
    }

    #[track_caller]
    fn writes_json<T: Serialize + ?Sized>(message: &T, text: &str) {
        assert_eq!(String::from_utf8(Json.encode(message).unwrap()).unwrap(), text);
    }

    #[test]
    fn json_is_compact_and_names_fields() {
        let request = Request { a: 2, note: None, b: u128::MAX };
        writes_json(&request, r#"{"a":2,"note":null,"b":340282366920938463463374607431768211455}"#);
        writes_json(&NoArguments {}, "{}");
        writes_json(&(), "null");
        writes_json(&Callback(vec![1, 2]), "[1,2]");
        writes_json(&(1, "x"), r#"[1,"x"]"#);
        writes_json(&Ok::<i32, i32>(1), r#"{"Ok":1}"#);
        writes_json(&Shape::Point, r#""Point""#);
        writes_json(&Shape::Box { wide: 1, high: 2 }, r#"{"Box":{"wide":1,"high":2}}"#);
    }

    #[test]
    fn json_takes_fields_that_it_does_not_know_and_lacks() {
        let request: Request = Json.decode(br#" {"b":3,"a":-1,"more":[{}]} "#).unwrap();
        assert_eq!(request, Request { a: -1, note: None, b: 3 });
    }

    #[test]
    fn json_is_one_value_to_the_end() {
        assert_eq!(Json.decode::<()>(b"null null"), Err(CallError::DeserializationFailed));
        assert_eq!(Json.decode::<()>(b""), Err(CallError::DeserializationFailed));
    }

    #[test]
    fn every_format_reads_what_it_writes() {
        let request = Request { a: i32::MIN, note: Some("ünï".to_owned()), b: 1 << 100 };
        for format in [Json, Bincode, MessagePack] {
            let read = format.decode::<Request>(&format.encode(&request).unwrap());
            assert_eq!(read, Ok(request.clone()), "{format}");
            for shape in [Shape::Point, Shape::Circle(0.5), Shape::Box { wide: 1, high: 2 }] {
                let read = format.decode::<Shape>(&format.encode(&shape).unwrap());
                assert_eq!(read, Ok(shape), "{format}");
            }
        }
    }

    #[test]
    fn messagepack_writes_structs_as_arrays() {
        assert_eq!(MessagePack.encode(&(1, "a")).unwrap(), [0x92, 1, 0xa1, b'a']);
        assert_eq!(
            MessagePack.encode(&Shape::Point).unwrap(),
            [0xa5, b'P', b'o', b'i', b'n', b't']
        );
        assert_eq!(MessagePack.encode(&NoArguments {}).unwrap(), [0x90]);
        assert_eq!(MessagePack.encode(&()).unwrap(), [0xc0]);
    }

    #[test]
    fn bytes_that_are_no_message_are_an_error() {
        for format in [Json, Bincode, MessagePack] {
            for bytes in [&b""[..], b"\xff", b"\x01\x02\x03"] {
                let read = format.decode::<Request>(bytes);
                assert_eq!(read, Err(CallError::DeserializationFailed), "{format} {bytes:?}");
            }
        }
    }

    #[test]
    fn a_format_is_named_as_the_attribute_names_it() {
        for format in [Json, Bincode, MessagePack] {
            assert_eq!(format.to_string().parse(), Ok(format));
        }
        let error = "yaml".parse::<SerializationFormat>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "`yaml` is no format: it is `json`, `bincode` or `messagepack`"
        );
    }
}
