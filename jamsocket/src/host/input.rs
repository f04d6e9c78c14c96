use super::RoomContext;
use crate::{ClientId, RoomCall};

/// What happens to a room, with a service `S`. `P` is what the host keeps of each client.
#[derive(Debug)]
pub enum Input<'a, S, P> {
    /// A client joins under an id that [`Room::next_client`](super::Room::next_client) gave.
    Join(ClientId, P),
    /// A client has gone. Leaving twice is leaving once.
    Leave(ClientId),
    /// A client has sent a text message.
    Text(ClientId, &'a str),
    /// A client has sent a binary message.
    Binary(ClientId, &'a [u8]),
    /// Somebody else on the server calls the room.
    Call(Box<dyn RoomCall>),
    /// The room's [`deadline`](super::Room::deadline) has come, or its context woke the host.
    Wake,
    /// The host puts a fresh service, built with this context, in the place of the one that runs. It
    /// sees a `connect` for each client that is in, and is [on trial](super::Room::on_trial) at first.
    Swap(Box<S>, RoomContext),
    /// The same, but that the service is not on trial: what ran before is not gone back to.
    Replace(Box<S>, RoomContext),
    /// The host trusts the service that is on trial. Nothing happens where none is.
    Trust,
    /// The host takes a service that is on trial back. Nothing happens where none is.
    Restore,
    /// The host ends the room: every client leaves, each with its `disconnect`.
    Stop,
}
