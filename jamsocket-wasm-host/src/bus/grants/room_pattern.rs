use std::{fmt, str::FromStr};
use thiserror::Error;

/// Rooms that may be called: `game` are all of that service, `game/1` is one of them. The service without
/// a name has nothing before the slash: `/` are all of it.
///
/// ```
/// use jamsocket_wasm_host::RoomPattern;
///
/// let one: RoomPattern = "game/1".parse()?;
/// assert!(one.matches("game", "1") && !one.matches("game", "2"));
/// let all: RoomPattern = "game".parse()?;
/// assert!(all.matches("game", "2") && !all.matches("", "2"));
/// # Ok::<(), jamsocket_wasm_host::RoomPatternError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomPattern {
    service: String,
    /// None: all of them.
    room: Option<String>,
}

impl RoomPattern {
    /// The service whose rooms these are; empty for the one without a name.
    pub fn service(&self) -> &str {
        &self.service
    }

    /// Whether this is one of the rooms.
    pub fn matches(&self, service: &str, room: &str) -> bool {
        self.service == service && self.room.as_ref().is_none_or(|only| only == room)
    }
}

impl FromStr for RoomPattern {
    type Err = RoomPatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (service, room) = text.split_once('/').unwrap_or((text, ""));
        let usable = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        // Who writes `game/*` means all of them, and no room of that name.
        if text.is_empty() || !service.bytes().all(usable) || room == "*" {
            return Err(RoomPatternError { pattern: text.to_owned() });
        }
        let room = (!room.is_empty()).then(|| room.to_owned());
        Ok(Self { service: service.to_owned(), room })
    }
}

impl fmt::Display for RoomPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.room {
            None if self.service.is_empty() => f.write_str("/"),
            None => f.write_str(&self.service),
            Some(room) => write!(f, "{}/{room}", self.service),
        }
    }
}

/// A text names no rooms.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "`{pattern}` names no rooms: `game` are those of the service game, `game/1` is one of them, and `/` \
     are those of the service without a name"
)]
pub struct RoomPatternError {
    pattern: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matching(pattern: &str) -> Vec<String> {
        let pattern: RoomPattern = pattern.parse().unwrap();
        let services = ["", "game", "chat"].iter();
        let rooms = services.flat_map(|service| ["1", "a/b"].map(|room| (*service, room)));
        rooms
            .filter(|(service, room)| pattern.matches(service, room))
            .map(|(service, room)| format!("{service}/{room}"))
            .collect()
    }

    #[test]
    fn a_pattern_is_a_service_or_one_room_of_it() {
        assert_eq!(matching("game"), ["game/1", "game/a/b"]);
        assert_eq!(matching("game/"), ["game/1", "game/a/b"]);
        assert_eq!(matching("/"), ["/1", "/a/b"]);
        assert_eq!(matching("game/1"), ["game/1"]);
        assert_eq!(matching("chat/a/b"), ["chat/a/b"]);
        assert_eq!(matching("/1"), ["/1"]);
        assert_eq!(matching("other"), [""; 0]);
    }

    #[test]
    fn what_no_service_can_be_called_is_refused() {
        for text in ["", "a b", "*", "game/*", "é/1", "http://game"] {
            let refused = text.parse::<RoomPattern>().unwrap_err();
            assert!(refused.to_string().starts_with(&format!("`{text}` names no rooms")));
        }
    }

    #[test]
    fn a_pattern_is_written_as_it_is_read() {
        for text in ["game", "game/1", "/", "/1", "a/b/c"] {
            assert_eq!(text.parse::<RoomPattern>().unwrap().to_string(), text);
        }
    }
}
