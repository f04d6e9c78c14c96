use rand::RngExt as _;
use std::{fmt, str::FromStr};
use thiserror::Error;
use uuid::Uuid;

const LETTERS_OF_SHORT: u8 = 4;
const SHORTEST: u8 = 3;
const LONGEST: u8 = 12;

/// How rooms come to be, and who names them.
///
/// As text, for a command line or a file:
///
/// ```
/// use jamsocket_server::RoomIdStrategy;
///
/// assert_eq!("implicit".parse(), Ok(RoomIdStrategy::Implicit));
/// assert_eq!("api".parse(), Ok(RoomIdStrategy::Explicit));
/// assert_eq!("short".parse(), Ok(RoomIdStrategy::Short(4)));
/// assert_eq!(RoomIdStrategy::Short(6).to_string(), "short6");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum RoomIdStrategy {
    /// `implicit`: a room comes to be when somebody joins it, under any name.
    #[default]
    Implicit,
    /// `api`: a room comes to be by `POST /ws/{room}`; joining another one is a 404.
    Explicit,
    /// `uuid`: `POST /new_room` makes a room and answers with its id, a random UUID.
    Uuid,
    /// `short`, `short3` to `short12`: the same with so many random capital letters, 3 to 12.
    Short(u8),
}

impl RoomIdStrategy {
    /// Makes up an id, where this strategy does so.
    pub(crate) fn generate(self) -> Option<String> {
        match self {
            RoomIdStrategy::Implicit | RoomIdStrategy::Explicit => None,
            RoomIdStrategy::Uuid => Some(Uuid::new_v4().to_string()),
            RoomIdStrategy::Short(letters) => {
                let mut rng = rand::rng();
                Some(
                    (0..letters.clamp(SHORTEST, LONGEST))
                        .map(|_| char::from(rng.random_range(b'A'..=b'Z')))
                        .collect(),
                )
            }
        }
    }
}

impl fmt::Display for RoomIdStrategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RoomIdStrategy::Implicit => f.write_str("implicit"),
            RoomIdStrategy::Explicit => f.write_str("api"),
            RoomIdStrategy::Uuid => f.write_str("uuid"),
            RoomIdStrategy::Short(LETTERS_OF_SHORT) => f.write_str("short"),
            RoomIdStrategy::Short(letters) => write!(f, "short{letters}"),
        }
    }
}

impl FromStr for RoomIdStrategy {
    type Err = ParseRoomIdStrategyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || ParseRoomIdStrategyError(text.to_owned());
        match text {
            "implicit" => Ok(RoomIdStrategy::Implicit),
            "api" => Ok(RoomIdStrategy::Explicit),
            "uuid" => Ok(RoomIdStrategy::Uuid),
            "short" => Ok(RoomIdStrategy::Short(LETTERS_OF_SHORT)),
            _ => text
                .strip_prefix("short")
                .filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))
                .and_then(|digits| digits.parse().ok())
                .filter(|letters| (SHORTEST..=LONGEST).contains(letters))
                .map(RoomIdStrategy::Short)
                .ok_or_else(refused),
        }
    }
}

/// A text that names no [`RoomIdStrategy`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "`{0}` is no room id strategy: write `implicit`, `api`, `uuid`, `short`, or `short3` to `short12`"
)]
pub struct ParseRoomIdStrategyError(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_strategy_reads_as_it_is_written() {
        use RoomIdStrategy::*;
        for strategy in [Implicit, Explicit, Uuid, Short(3), Short(4), Short(12)] {
            assert_eq!(strategy.to_string().parse(), Ok(strategy));
        }
    }

    #[test]
    fn short_ids_have_3_to_12_letters() {
        for text in ["short2", "short13", "short+5", "short-5", "short 5", "short256", "Short", ""]
        {
            let refused = text.parse::<RoomIdStrategy>().unwrap_err();
            assert!(refused.to_string().starts_with(&format!("`{text}` is no")), "{refused}");
        }
    }

    #[test]
    fn generated_ids_have_their_shape() {
        let short = RoomIdStrategy::Short(6).generate().unwrap();
        assert!(short.len() == 6 && short.bytes().all(|b| b.is_ascii_uppercase()), "{short}");
        assert_eq!(RoomIdStrategy::Uuid.generate().unwrap().len(), 36);
        assert_eq!(RoomIdStrategy::Implicit.generate(), None);
        assert_eq!(RoomIdStrategy::Explicit.generate(), None);
    }
}
