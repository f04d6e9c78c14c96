use crate::{ClientId, RoomCall, RoomCallError};
use std::{error::Error, fmt};

/// A service as its host sees it: the callbacks of one room.
///
/// Few write this by hand: [`WrappedJamsocketService`](crate::WrappedJamsocketService) makes one of
/// any [`SimpleJamsocketService`](crate::SimpleJamsocketService), and the WebAssembly host one of a
/// module. The callbacks are asynchronous, so that a sandboxed one can share its thread while it
/// runs; a host calls one at a time and waits for it.
///
/// An error ends the room: no callback is called after it.
pub trait JamsocketService: Send + 'static {
    /// A client has joined.
    fn connect(
        &mut self,
        client: ClientId,
    ) -> impl Future<Output = Result<(), ServiceError>> + Send;

    /// A client has left.
    fn disconnect(
        &mut self,
        client: ClientId,
    ) -> impl Future<Output = Result<(), ServiceError>> + Send;

    /// A client has sent a text message.
    fn message(
        &mut self,
        client: ClientId,
        message: &str,
    ) -> impl Future<Output = Result<(), ServiceError>> + Send;

    /// A client has sent a binary message.
    fn binary(
        &mut self,
        client: ClientId,
        message: &[u8],
    ) -> impl Future<Output = Result<(), ServiceError>> + Send;

    /// The timer that the service set is due.
    fn timer(&mut self) -> impl Future<Output = Result<(), ServiceError>> + Send;

    /// The service goes on with something of its own, as it has asked for by
    /// [`JamsocketContext::waker`](crate::JamsocketContext::waker). The default does nothing.
    fn resume(&mut self) -> impl Future<Output = Result<(), ServiceError>> + Send {
        async { Ok(()) }
    }

    /// Takes a call of somebody else on the server. It is not answered here: a service that has to do
    /// something for it asks to be resumed. The default refuses it.
    fn take_call(&mut self, call: Box<dyn RoomCall>) {
        call.refuse(RoomCallError::NotCallable);
    }

    /// Ends the calls that are open: another service takes the place of this one, which goes on later at
    /// most, and those who wait for it would wait in vain. The default has none.
    fn end_open_calls(&mut self) {}

    /// What the service uses. A host asks after each callback, so the answer has to be at hand. The
    /// default says nothing.
    fn usage(&self) -> ServiceUsage {
        ServiceUsage::default()
    }
}

/// What a service uses, as far as it says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ServiceUsage {
    /// How many bytes of memory it has for itself alone: those of a sandbox. 0 where it has none.
    pub memory_bytes: usize,
    /// How often so far it asked for more memory, or for a longer table of functions, and was
    /// refused.
    pub refused_growths: u64,
    /// How often so far it was denied what it called outside of its room.
    pub denied_calls: u64,
    /// How many calls it has taken that are not over: it has still to answer them, or who has made them
    /// holds what came of them. While there is one, its room is not empty.
    pub open_calls: usize,
}

/// Why a service could not finish a callback. Its room is over.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServiceError {
    /// A sandboxed service trapped: an `unreachable`, a bad pointer, a stack too deep. The text is
    /// the engine's, with the guest's backtrace where there is one.
    Trapped(String),
    /// A sandboxed service did not come to the end of a callback in the time that one may take.
    OutOfTime {
        /// The bound, in words: `1s of running`.
        bound: String,
        /// The service's functions that were under way, one a line, or nothing where that is not
        /// known.
        backtrace: String,
    },
    /// A native service panicked. The text is the panic's message.
    Panicked(String),
    /// One callback sent more than a room may send at once.
    SentTooMuch {
        /// What was exceeded, with its bound: `10000 messages`.
        bound: String,
    },
    /// The host gave up on the callback while it was running.
    Abandoned,
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServiceError::Trapped(cause) => write!(f, "the service trapped: {cause}"),
            ServiceError::OutOfTime { bound, backtrace } => {
                write!(f, "the service ran out of time: a callback may take {bound}")?;
                match backtrace.as_str() {
                    "" => Ok(()),
                    backtrace => write!(f, "\n{backtrace}"),
                }
            }
            ServiceError::Panicked(message) => write!(f, "the service panicked: {message}"),
            ServiceError::SentTooMuch { bound } => {
                write!(f, "the service sent more than {bound} at once")
            }
            ServiceError::Abandoned => f.write_str("the callback was abandoned while it ran"),
        }
    }
}

impl Error for ServiceError {}
