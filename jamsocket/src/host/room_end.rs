use super::Callback;
use crate::ServiceError;
use std::fmt;

/// How a room ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoomEnd {
    /// It was empty for as long as its policy allows.
    Idle,
    /// The host stopped it.
    Stopped,
    /// Its service failed.
    Failed {
        /// The callback that failed.
        callback: Callback,
        /// How it failed.
        error: ServiceError,
    },
}

impl fmt::Display for RoomEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RoomEnd::Idle => f.write_str("it was empty"),
            RoomEnd::Stopped => f.write_str("it was stopped"),
            RoomEnd::Failed { callback, error } => write!(f, "{callback} failed: {error}"),
        }
    }
}
