use std::{any::Any, error::Error, fmt};

/// How rooms are called from elsewhere on their server: a server of rooms implements it, and hands it to
/// whoever makes calls.
pub trait RoomCaller: Send + Sync {
    /// Brings a call to the room `room` of the service `service`, and has that room made where the
    /// service's rooms are made by joining them. The service without a name has the name `""`.
    ///
    /// `token` is what the operator has set for calls to that service. Where none is set, any will do.
    ///
    /// The calls of one caller reach a room in their order. One that meets a room at its end comes to the
    /// next of that name, and then perhaps after others. It does not wait: where the room turns out not to take the call, that is
    /// [refused](RoomCall::refuse), or dropped.
    ///
    /// # Errors
    ///
    /// There is no such room, or it cannot be made, or may not be called. The call has been dropped.
    fn call(
        &self,
        service: &str,
        room: &str,
        token: &str,
        call: Box<dyn RoomCall>,
    ) -> Result<(), RoomCallError>;
}

/// A call on its way to a room. A server carries it, and does not look into it: what is in it is between
/// the host that has made it and the service that takes it, which know its type.
pub trait RoomCall: Any + Send + fmt::Debug {
    /// How many bytes it takes, which count against what may wait for a room.
    fn bytes(&self) -> usize;

    /// Whether whoever has made it still waits for an answer. The default is that it does.
    fn is_wanted(&self) -> bool {
        true
    }

    /// The room does not take the call. One that is dropped is refused without a reason.
    fn refuse(self: Box<Self>, why: RoomCallError);
}

/// Why a room does not take a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RoomCallError {
    /// There is no service of that name.
    UnknownService,
    /// There is no room of that name, and a call does not make one; or no room can have that name.
    UnknownRoom,
    /// The token is not the one that the operator has set.
    WrongToken,
    /// There are as many rooms as there may be, or more waits for the room than may.
    AtCapacity,
    /// The room could not be started.
    NotStarted,
    /// The service takes no calls.
    NotCallable,
    /// The room, or the whole server, is at its end.
    Ended,
}

impl fmt::Display for RoomCallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RoomCallError::UnknownService => "there is no service of that name",
            RoomCallError::UnknownRoom => {
                "there is no room of that name, and a call makes none of it"
            }
            RoomCallError::WrongToken => "the access token is wrong",
            RoomCallError::AtCapacity => "there is no capacity for the call",
            RoomCallError::NotStarted => "the room could not be started",
            RoomCallError::NotCallable => "the service takes no calls",
            RoomCallError::Ended => "the room has ended",
        })
    }
}

impl Error for RoomCallError {}
