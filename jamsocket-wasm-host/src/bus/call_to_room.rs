use super::{Call, CallError, Callee, GuestCallee, mailbox::Mailbox};
use jamsocket::{RoomCall, RoomCallError};
use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// A call on its way to a room, which may have to be started before it takes the call.
#[derive(Debug)]
pub(crate) struct CallToRoom {
    call: Call,
    way: Way,
}

/// Whoever answers a call to a room, as its caller reaches them, also while the call is on its way.
struct RoomCallee(Way);

/// What both ends of such a call share.
type Way = Arc<Mutex<Place>>;

#[derive(Default)]
enum Place {
    #[default]
    OnTheWay,
    Arrived(Box<dyn Callee>),
    /// The caller is done with the call.
    Over,
}

impl CallToRoom {
    /// A call that is to be brought to a room, and its callee.
    pub(super) fn begin(call: Call) -> (Self, Box<dyn Callee>) {
        let way = Way::default();
        (Self { call, way: way.clone() }, Box::new(RoomCallee(way)))
    }

    /// Puts the call into the mailbox of the room that takes it, unless nobody wants an answer any more.
    pub(crate) fn arrive(self, mailbox: &Arc<Mailbox>) {
        let Self { mut call, way } = self;
        let mut place = lock(&way);
        match &*place {
            Place::Over => call.caller.forget(),
            _ => {
                // One that is refused has told its caller.
                if let Ok(callee) = GuestCallee::call(mailbox, call) {
                    *place = Place::Arrived(callee);
                }
            }
        }
    }
}

impl RoomCall for CallToRoom {
    fn bytes(&self) -> usize {
        self.call.bytes()
    }

    fn is_wanted(&self) -> bool {
        !matches!(*lock(&self.way), Place::Over)
    }

    fn refuse(mut self: Box<Self>, why: RoomCallError) {
        self.call.caller.fault(why.into());
    }
}

impl RoomCallee {
    fn take(&self) -> Place {
        mem::replace(&mut *lock(&self.0), Place::Over)
    }
}

impl Callee for RoomCallee {
    fn call(&mut self, call: Call) -> Result<Box<dyn Callee>, CallError> {
        match &mut *lock(&self.0) {
            Place::Arrived(callee) => callee.call(call),
            _ => Err(CallError::INVALID_HANDLE),
        }
    }

    fn answered(self: Box<Self>) {
        if let Place::Arrived(callee) = self.take() {
            callee.answered();
        }
    }
}

impl Drop for RoomCallee {
    fn drop(&mut self) {
        drop(self.take());
    }
}

impl From<RoomCallError> for CallError {
    fn from(error: RoomCallError) -> Self {
        match error {
            RoomCallError::UnknownService | RoomCallError::UnknownRoom => Self::INVALID_WAPM,
            RoomCallError::WrongToken => Self::ACCESS_DENIED,
            RoomCallError::AtCapacity => Self::MEMORY_ALLOCATION_FAILED,
            RoomCallError::NotStarted => Self::BUS_INVOCATION_FAILED,
            RoomCallError::NotCallable => Self::INCORRECT_ABI,
            RoomCallError::Ended => Self::ABORTED,
            _ => Self::INTERNAL_FAILURE,
        }
    }
}

fn lock(way: &Way) -> MutexGuard<'_, Place> {
    way.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Place::OnTheWay => "OnTheWay",
            Place::Arrived(_) => "Arrived",
            Place::Over => "Over",
        })
    }
}

#[cfg(test)]
mod tests;
