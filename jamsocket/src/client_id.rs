use std::fmt;

/// Names a client within its room.
///
/// A room gives each client that joins an id that no client of that room had before it. Ids start
/// at 1 and never exceed 2³¹ - 1, so that every one of them fits the guest interface (see
/// [`MessageRecipient::to_wire`](crate::MessageRecipient::to_wire)). Ids of different rooms have
/// nothing to do with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ClientId(u32);

impl ClientId {
    /// The highest id that a room gives away: 2³¹ - 1.
    pub const MAX: ClientId = ClientId(i32::MAX as u32);
}

impl From<u32> for ClientId {
    fn from(id: u32) -> Self {
        ClientId(id)
    }
}

impl From<ClientId> for u32 {
    fn from(id: ClientId) -> Self {
        id.0
    }
}

/// The bare number.
impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
