use percent_encoding::percent_decode_str;
use std::{fmt, sync::Arc};
use thiserror::Error;

/// The longest room id, in bytes after decoding.
pub(crate) const MAX_ROOM_ID_BYTES: usize = 255;

/// A room's id: 1 to 255 bytes of UTF-8 without control characters. A slash and `..` are ordinary
/// parts of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct RoomId(Arc<str>);

impl RoomId {
    /// Reads an id as it stands in a URL's path (RFC 3986, section 2.1).
    pub(crate) fn from_path_segment(segment: &str) -> Result<Self, RoomIdError> {
        if !escapes_are_whole(segment) {
            return Err(RoomIdError::Escape);
        }
        let decoded = percent_decode_str(segment).decode_utf8().map_err(|_| RoomIdError::Utf8)?;
        Self::named(&decoded)
    }

    /// The id that is this text.
    pub(crate) fn named(id: &str) -> Result<Self, RoomIdError> {
        match id.len() {
            0 => Err(RoomIdError::Empty),
            bytes if bytes > MAX_ROOM_ID_BYTES => Err(RoomIdError::TooLong { bytes }),
            _ if id.contains(char::is_control) => Err(RoomIdError::Control),
            _ => Ok(RoomId(id.into())),
        }
    }

    /// An id that the server made up itself.
    pub(crate) fn generated(id: String) -> Self {
        RoomId(id.into())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RoomId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text, or a path segment, is no room id.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum RoomIdError {
    #[error("a room id needs at least one character")]
    Empty,
    #[error("a room id has at most {MAX_ROOM_ID_BYTES} bytes, not {bytes}")]
    TooLong { bytes: usize },
    #[error("a room id has no control characters")]
    Control,
    #[error("a room id is UTF-8")]
    Utf8,
    #[error("a percent sign in a room id's URL stands before two hexadecimal digits")]
    Escape,
}

/// Whether every `%` has its two digits. The decoder lets others pass as they are, which would give
/// one room two names.
fn escapes_are_whole(segment: &str) -> bool {
    let mut pieces = segment.split('%');
    pieces.next();
    pieces.all(|piece| {
        piece.len() >= 2 && piece.as_bytes()[..2].iter().all(|digit| digit.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(segment: &str) -> Result<String, RoomIdError> {
        RoomId::from_path_segment(segment).map(|id| id.to_string())
    }

    #[test]
    fn escapes_are_decoded_once() {
        assert_eq!(read("a%20b").unwrap(), "a b");
        assert_eq!(read("%2F..%2f").unwrap(), "/../");
        assert_eq!(read("%2541").unwrap(), "%41");
        assert_eq!(read("%F0%9F%8E%B2").unwrap(), "🎲");
        assert_eq!(read("..").unwrap(), "..");
    }

    #[test]
    fn an_id_has_1_to_255_bytes() {
        assert_eq!(read(""), Err(RoomIdError::Empty));
        assert_eq!(read("x").unwrap(), "x");
        assert_eq!(read(&"x".repeat(255)).unwrap().len(), 255);
        assert_eq!(read(&"x".repeat(256)), Err(RoomIdError::TooLong { bytes: 256 }));
        assert_eq!(read(&"%C3%A9".repeat(128)), Err(RoomIdError::TooLong { bytes: 256 }));
    }

    #[test]
    fn control_characters_and_bad_utf8_are_refused() {
        for segment in ["%00", "a%0a", "%7F", "%C2%80"] {
            assert_eq!(read(segment), Err(RoomIdError::Control), "{segment}");
        }
        for segment in ["%FF", "%FE", "%C0%80", "%ED%A0%80"] {
            assert_eq!(read(segment), Err(RoomIdError::Utf8), "{segment}");
        }
    }

    #[test]
    fn a_percent_sign_needs_its_digits() {
        for segment in ["%", "%2", "%zz", "a%", "%%41"] {
            assert_eq!(read(segment), Err(RoomIdError::Escape), "{segment}");
        }
    }
}
