use crate::ClientId;

/// Whom a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageRecipient {
    /// Everyone in the room. In `connect` that includes the client that joins, in `disconnect` no
    /// longer the one that left.
    Broadcast,
    /// One client. Where it is not in the room (any more), the message goes nowhere.
    Client(ClientId),
    /// Everyone in the room but this client.
    EveryoneExcept(ClientId),
}

impl MessageRecipient {
    /// Encodes a recipient as the guest interface carries it: 0 for everyone, `n` for client `n`,
    /// `-n` for everyone but client `n`.
    ///
    /// Returns `None` for a [`Client`](Self::Client) that no room can have (0, or above
    /// [`ClientId::MAX`]), which there is no encoding for: 0 would reach everyone.
    ///
    /// ```
    /// use jamsocket::{ClientId, MessageRecipient::*};
    ///
    /// assert_eq!(Broadcast.to_wire(), Some(0));
    /// assert_eq!(Client(ClientId::from(7)).to_wire(), Some(7));
    /// assert_eq!(EveryoneExcept(ClientId::from(7)).to_wire(), Some(-7));
    /// assert_eq!(Client(ClientId::from(0)).to_wire(), None);
    /// ```
    pub fn to_wire(self) -> Option<i32> {
        let positive = |id: ClientId| i32::try_from(u32::from(id)).ok().filter(|n| *n > 0);
        match self {
            MessageRecipient::Broadcast => Some(0),
            MessageRecipient::Client(id) => positive(id),
            // Leaving out a client that cannot be there leaves out nobody.
            MessageRecipient::EveryoneExcept(id) => Some(positive(id).map_or(0, |n| -n)),
        }
    }

    /// Reads a recipient as the guest interface carries it. Every `i32` means something:
    /// `i32::MIN` is everyone but client 2³¹, who is never there.
    pub fn from_wire(wire: i32) -> Self {
        let id = ClientId::from(wire.unsigned_abs());
        match wire {
            0 => MessageRecipient::Broadcast,
            1.. => MessageRecipient::Client(id),
            ..0 => MessageRecipient::EveryoneExcept(id),
        }
    }
}

impl From<ClientId> for MessageRecipient {
    fn from(id: ClientId) -> Self {
        MessageRecipient::Client(id)
    }
}

#[cfg(test)]
mod tests {
    use super::MessageRecipient::{self, *};
    use crate::ClientId;

    fn id(n: u32) -> ClientId {
        ClientId::from(n)
    }

    #[test]
    fn every_edge_of_the_wire_is_read() {
        assert_eq!(MessageRecipient::from_wire(0), Broadcast);
        assert_eq!(MessageRecipient::from_wire(1), Client(id(1)));
        assert_eq!(MessageRecipient::from_wire(-1), EveryoneExcept(id(1)));
        assert_eq!(MessageRecipient::from_wire(i32::MAX), Client(ClientId::MAX));
        assert_eq!(MessageRecipient::from_wire(-i32::MAX), EveryoneExcept(ClientId::MAX));
        assert_eq!(MessageRecipient::from_wire(i32::MIN), EveryoneExcept(id(1 << 31)));
    }

    #[test]
    fn what_a_room_can_have_survives_the_way_there_and_back() {
        for wire in [0, 1, -1, i32::MAX, -i32::MAX] {
            assert_eq!(MessageRecipient::from_wire(wire).to_wire(), Some(wire));
        }
    }

    #[test]
    fn a_client_that_no_room_can_have_never_becomes_a_broadcast() {
        for n in [0, 1 << 31, u32::MAX] {
            assert_eq!(Client(id(n)).to_wire(), None);
        }
    }

    #[test]
    fn leaving_out_a_client_that_cannot_be_there_reaches_everyone() {
        for n in [0, 1 << 31, u32::MAX] {
            assert_eq!(EveryoneExcept(id(n)).to_wire(), Some(0));
        }
    }
}
