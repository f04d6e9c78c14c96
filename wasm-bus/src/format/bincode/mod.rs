//! The format of bincode 1, as that crate writes it unless told otherwise.
//!
//! It is written here, as bincode has nobody who keeps it any more (RUSTSEC-2025-0141), and the
//! format is small and has come to rest: numbers are little endian and as wide as their type,
//! 64 bits for `usize`; a length is 64 bits; `bool` and the tag of an `Option` are one byte; a
//! variant is its position in 32 bits; a `char` is its UTF-8; structs, tuples, newtypes and variants
//! are what they hold, one after the other, and nothing for what holds nothing.

mod read;
mod write;

use serde::{Serialize, de::DeserializeOwned};
use std::fmt;

/// A value as bytes.
///
/// # Errors
///
/// Where a sequence or a map does not know its length before it is written, or the value's own
/// `Serialize` fails.
pub(crate) fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    value.serialize(&mut write::Writer { bytes: &mut bytes })?;
    Ok(bytes)
}

/// The value at the start of these bytes. What comes after it is not looked at.
///
/// # Errors
///
/// Where the bytes end too early or hold what no `T` has. Nothing is allocated for a length before
/// its bytes are seen to be there, but for what serde itself sets aside, which is bounded.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    T::deserialize(&mut read::Reader { rest: bytes })
}

/// Why a value could not be written or read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    #[error("the length of a sequence or map has to be known beforehand")]
    UnknownLength,
    #[error("the format does not say of what type a value is")]
    UnknownType,
    #[error("the message ends too early")]
    TooShort,
    #[error("a length of {0} is more than memory can hold")]
    TooLong(u64),
    #[error("{0} is neither 0 nor 1")]
    NotATag(u8),
    #[error("a text is not UTF-8")]
    NotUtf8,
    #[error("{0}")]
    Other(String),
}

impl serde::ser::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Error::Other(message.to_string())
    }
}

impl serde::de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Error::Other(message.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::{Error, decode, encode};
    use serde::{Deserialize, Serialize, de::DeserializeOwned};
    use std::{collections::BTreeMap, fmt::Debug};

    /// The value is written as these bytes, which is how bincode 1.3.3 writes it, and read from them.
    #[track_caller]
    fn is<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: T, bytes: &[u8]) {
        assert_eq!(encode(&value).unwrap(), bytes);
        assert_eq!(decode::<T>(bytes).unwrap(), value);
        let with_more = [bytes, &[0xaa; 9]].concat();
        assert_eq!(decode::<T>(&with_more).unwrap(), value, "with bytes behind it");
        for len in 0..bytes.len() {
            decode::<T>(&bytes[..len]).expect_err("bytes are missing");
        }
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Spawn {
        path: String,
        args: Vec<String>,
        chroot: bool,
        working_dir: Option<String>,
        mode: Mode,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Mode {
        Piped,
        Inherit,
        Code(i32),
        Pair(u8, u16),
        Named { a: u8 },
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Nothing;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Newtype(Vec<u8>);

    #[test]
    fn numbers_are_little_endian_and_as_wide_as_their_type() {
        is(0x12u8, &[0x12]);
        is(-2i8, &[0xfe]);
        is(0x1234u16, &[0x34, 0x12]);
        is(-2i16, &[0xfe, 0xff]);
        is(0x1234_5678u32, &[0x78, 0x56, 0x34, 0x12]);
        is(-2i32, &[0xfe, 0xff, 0xff, 0xff]);
        is(15u64, &[0x0f, 0, 0, 0, 0, 0, 0, 0]);
        is(-1i64, &[0xff; 8]);
        is(3usize, &[3, 0, 0, 0, 0, 0, 0, 0]);
        is(1u128 << 64, &[0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
        is(-1i128, &[0xff; 16]);
        is(1.0f32, &[0, 0, 0x80, 0x3f]);
        is(-2.5f64, &[0, 0, 0, 0, 0, 0, 4, 0xc0]);
    }

    #[test]
    fn lengths_are_64_bits_and_variants_32() {
        is(vec![1u8, 2], &[2, 0, 0, 0, 0, 0, 0, 0, 1, 2]);
        is("hé".to_owned(), &[3, 0, 0, 0, 0, 0, 0, 0, b'h', 0xc3, 0xa9]);
        is(Err::<u8, i32>(-1), &[1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]);
        is(Ok::<u8, i32>(9), &[0, 0, 0, 0, 9]);
        is(Mode::Inherit, &[1, 0, 0, 0]);
        is(Mode::Code(2), &[2, 0, 0, 0, 2, 0, 0, 0]);
        is(Mode::Pair(1, 2), &[3, 0, 0, 0, 1, 2, 0]);
        is(Mode::Named { a: 7 }, &[4, 0, 0, 0, 7]);
        is(BTreeMap::from([(1u8, 2u8)]), &[1, 0, 0, 0, 0, 0, 0, 0, 1, 2]);
    }

    #[test]
    fn tags_are_one_byte() {
        is(true, &[1]);
        is(false, &[0]);
        is(Some(7u8), &[1, 7]);
        is(None::<u8>, &[0]);
    }

    #[test]
    fn what_holds_others_is_written_as_what_it_holds() {
        is((1u8, (2u8, 3u8)), &[1, 2, 3]);
        is([1u8, 2, 3], &[1, 2, 3]);
        is(Newtype(vec![5]), &[1, 0, 0, 0, 0, 0, 0, 0, 5]);
        is((), &[]);
        is(Nothing, &[]);
        is('a', b"a");
        is('€', &[0xe2, 0x82, 0xac]);
        is('😀', &[0xf0, 0x9f, 0x98, 0x80]);
    }

    #[test]
    fn a_struct_is_its_fields_in_order() {
        let spawn = Spawn {
            path: "a".to_owned(),
            args: vec!["b".to_owned()],
            chroot: true,
            working_dir: None,
            mode: Mode::Piped,
        };
        let bytes = [
            &[1, 0, 0, 0, 0, 0, 0, 0, b'a'][..],
            &[1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, b'b'],
            &[1, 0, 0, 0, 0, 0],
        ]
        .concat();
        is(spawn, &bytes);
    }

    #[test]
    fn what_is_no_value_of_the_type_is_an_error() {
        assert_eq!(decode::<bool>(&[2]), Err(Error::NotATag(2)));
        assert_eq!(decode::<Option<u8>>(&[3, 1]), Err(Error::NotATag(3)));
        assert_eq!(decode::<char>(&[0xff]), Err(Error::NotUtf8));
        assert_eq!(decode::<char>(&[0xc3, 0x28]), Err(Error::NotUtf8));
        assert_eq!(decode::<String>(&[1, 0, 0, 0, 0, 0, 0, 0, 0xff]), Err(Error::NotUtf8));
        assert!(matches!(decode::<Mode>(&[5, 0, 0, 0]), Err(Error::Other(_))));
    }

    #[test]
    fn a_length_that_promises_too_much_is_an_error_and_no_allocation() {
        assert_eq!(decode::<String>(&[0xff; 8]), Err(Error::TooShort));
        assert_eq!(decode::<Vec<u64>>(&[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]), Err(Error::TooShort));
    }

    #[test]
    fn a_sequence_of_unknown_length_cannot_be_written() {
        struct Unknown;
        impl Serialize for Unknown {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_seq((0..4).filter(|number| number % 2 == 0))
            }
        }
        assert_eq!(encode(&Unknown), Err(Error::UnknownLength));
    }
}
