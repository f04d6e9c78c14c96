use super::cases::cases;
use crate::rooms::{CreateError, JoinError, UsedUp};

cases! {
    /// Why a service refused a request. Where a bound is the reason, it is called as the bound is.
    pub(crate) enum Refusal ["reason"] {
        /// The page that the request comes from may not make it.
        Origin = ["origin"],
        /// The path names no room.
        BadId = ["bad_id"],
        /// It opens no WebSocket.
        Handshake = ["handshake"],
        /// There is no such room, and a join does not make one.
        UnknownRoom = ["unknown_room"],
        /// There are as many WebSockets as there may be.
        MaxConnections = ["max_connections"],
        /// There are as many rooms as there may be.
        MaxRooms = ["max_rooms"],
        /// The room has as many clients as it may.
        MaxClients = ["max_clients"],
        /// The address makes too many rooms a second.
        RateRooms = ["rate_rooms"],
        /// What builds the rooms has no capacity for another.
        NoCapacity = ["no_capacity"],
        /// Hardly any id that can be made up is free.
        NoFreeId = ["no_free_id"],
        /// The room did not take the client in time.
        JoinTime = ["join_time"],
        /// The server is stopping.
        Stopping = ["stopping"],
        /// The room that is to be made is there already.
        Exists = ["exists"],
        /// Rooms are not made in this way here.
        WrongStrategy = ["wrong_strategy"],
        /// The room that is to be made cannot be started.
        NotStarted = ["not_started"],
    }
}

impl From<&JoinError> for Refusal {
    fn from(error: &JoinError) -> Self {
        match error {
            JoinError::Unknown => Refusal::UnknownRoom,
            JoinError::AtCapacity(UsedUp::Rooms) => Refusal::MaxRooms,
            JoinError::AtCapacity(UsedUp::Clients) => Refusal::MaxClients,
            JoinError::AtCapacity(UsedUp::RoomRate) => Refusal::RateRooms,
            JoinError::AtCapacity(UsedUp::Ids(_)) => Refusal::NoFreeId,
            JoinError::AtCapacity(UsedUp::Other(_)) => Refusal::NoCapacity,
            JoinError::Busy => Refusal::JoinTime,
            JoinError::Stopping => Refusal::Stopping,
            JoinError::Failed(_) => Refusal::NotStarted,
        }
    }
}

impl From<&CreateError> for Refusal {
    fn from(error: &CreateError) -> Self {
        match error {
            CreateError::WrongStrategy(_) => Refusal::WrongStrategy,
            CreateError::Exists => Refusal::Exists,
            CreateError::NotStarted(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::cases::tests::assert_sound;

    #[test]
    fn the_labels_are_sound() {
        assert_sound::<Refusal>();
    }
}
