//! Calls to rooms from elsewhere on their server.

use super::{
    Event, RoomId, Rooms,
    build::{Purpose, RoomToBuild},
    registry::Claim,
};
use crate::workers::Workers;
use jamsocket::{BuildError, RoomCall, RoomCallError};
use std::{fmt, sync::Arc};

/// In how many rooms a call looks for an answer: each may be at its end when the call comes.
const ATTEMPTS: u32 = 4;

/// A call on its way into a room. Where that room ends before it has taken the call, and so drops this, the
/// call goes on to the next room of that name.
pub(crate) struct PendingCall {
    /// Nowhere once it was taken or refused.
    call: Option<Box<dyn RoomCall>>,
    to: Destination,
    attempts_left: u32,
}

/// Which room a call is for, and where that is made if it has to be.
#[derive(Clone)]
struct Destination {
    rooms: Arc<Rooms>,
    id: RoomId,
    workers: Arc<Workers>,
}

impl Rooms {
    /// Brings a call to the room `id`, which is made on one of these threads where the strategy allows it.
    pub(crate) fn call(
        self: &Arc<Self>,
        id: RoomId,
        workers: &Arc<Workers>,
        call: Box<dyn RoomCall>,
    ) -> Result<(), RoomCallError> {
        let to = Destination { rooms: self.clone(), id, workers: workers.clone() };
        to.send(call, ATTEMPTS)
    }
}

impl Destination {
    fn send(self, call: Box<dyn RoomCall>, attempts: u32) -> Result<(), RoomCallError> {
        let Self { rooms, id, workers } = &self;
        if workers.are_none() {
            return Err(RoomCallError::NotStarted);
        }
        let (inbox, code) = match rooms.registry.claim(id) {
            Claim::Room(inbox) => (inbox, None),
            Claim::New(inbox) => (inbox, Some(rooms.code.clone())),
            Claim::Unknown => return Err(RoomCallError::UnknownRoom),
            Claim::Full => return Err(RoomCallError::AtCapacity),
            Claim::Failing(error) => return Err(reason(&error)),
            Claim::Stopping => return Err(RoomCallError::Ended),
        };
        let room = code.map(|code| {
            let (rooms, id, inbox) = (rooms.clone(), id.clone(), inbox.clone());
            (code, RoomToBuild { rooms, id, inbox, purpose: Purpose::Use })
        });
        let workers = workers.clone();
        let call = PendingCall { call: Some(call), to: self, attempts_left: attempts - 1 };
        inbox.push(Event::Call(Box::new(call)));
        if let Some((code, room)) = room {
            workers.run(move || code.spawn(room));
        }
        Ok(())
    }
}

impl PendingCall {
    pub(super) fn bytes(&self) -> usize {
        self.call.as_ref().map_or(0, |call| call.bytes())
    }

    /// The call, for the room that takes it.
    pub(super) fn take(mut self) -> Option<Box<dyn RoomCall>> {
        self.call.take()
    }

    pub(super) fn refuse(mut self, why: RoomCallError) {
        if let Some(call) = self.call.take() {
            call.refuse(why);
        }
    }
}

impl Drop for PendingCall {
    fn drop(&mut self) {
        let Some(call) = self.call.take().filter(|call| call.is_wanted()) else { return };
        if self.attempts_left == 0 {
            return call.refuse(RoomCallError::Ended);
        }
        // What cannot be sent on is dropped, which is an answer too.
        let _ = self.to.clone().send(call, self.attempts_left);
    }
}

impl fmt::Debug for PendingCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingCall").field("id", &self.to.id).finish_non_exhaustive()
    }
}

/// Why a room that could not be built does not take a call.
pub(super) fn reason(error: &BuildError) -> RoomCallError {
    match error {
        BuildError::AtCapacity(_) => RoomCallError::AtCapacity,
        _ => RoomCallError::NotStarted,
    }
}
