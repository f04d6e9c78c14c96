use serde::{Deserialize, Serialize};
use std::io;

/// Why a call got no reply.
///
/// A host and the far side of a call pass these by number, which `as u32` and the conversions give.
/// A number that is nobody's reads as [`Unknown`](CallError::Unknown).
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    thiserror::Error,
)]
#[repr(u32)]
pub enum CallError {
    /// Nothing failed, and yet this came where an error was due: a callee faulted with it.
    #[error("the call failed and the far side gave no reason")]
    Success = 0,
    /// A request or a reply could not be encoded.
    #[error("a message could not be encoded")]
    SerializationFailed = 1,
    /// A request or a reply could not be decoded: the two sides have different types, or formats.
    #[error("a message could not be decoded")]
    DeserializationFailed = 2,
    /// There is no module of that name.
    #[error("there is no module, or room, of that name")]
    InvalidWapm = 3,
    /// The module is known, and could not be fetched.
    #[error("the module could not be fetched")]
    FetchFailed = 4,
    /// The module could not be compiled.
    #[error("the module could not be compiled")]
    CompileError = 5,
    /// The module cannot be called: it lacks the exports of the bus, or does not serve.
    #[error("the module does not take calls")]
    IncorrectAbi = 6,
    /// The far side ended before it answered.
    #[error("the far side ended before it answered")]
    Aborted = 7,
    /// The object is gone, or never was.
    #[error("the object of the call is gone")]
    InvalidHandle = 8,
    /// The far side does not listen to this topic.
    #[error("the far side does not know the topic of the call")]
    InvalidTopic = 9,
    /// The call came without a callback that the far side needs.
    #[error("the call lacks a callback")]
    MissingCallbacks = 10,
    /// The host does not do this, or there is no host: the program is not a WebAssembly module.
    #[error("the host does not support the call")]
    Unsupported = 11,
    /// The request makes no sense to the far side.
    #[error("the far side refused the request as malformed")]
    BadRequest = 12,
    /// The far side, or the host, has failed.
    #[error("the far side has failed")]
    InternalFailure = 14,
    /// There was no memory for a message.
    #[error("there is no memory for the message")]
    MemoryAllocationFailed = 16,
    /// The far side trapped as it got the call.
    #[error("the far side crashed as it got the call")]
    BusInvocationFailed = 17,
    /// The host does not allow the call.
    #[error("the host does not allow the call")]
    AccessDenied = 18,
    /// A number that has no meaning.
    #[error("the call failed for an unknown reason")]
    Unknown = u32::MAX,
}

impl CallError {
    /// All of them, for the way back from a number.
    const ALL: [CallError; 18] = [
        CallError::Success,
        CallError::SerializationFailed,
        CallError::DeserializationFailed,
        CallError::InvalidWapm,
        CallError::FetchFailed,
        CallError::CompileError,
        CallError::IncorrectAbi,
        CallError::Aborted,
        CallError::InvalidHandle,
        CallError::InvalidTopic,
        CallError::MissingCallbacks,
        CallError::Unsupported,
        CallError::BadRequest,
        CallError::InternalFailure,
        CallError::MemoryAllocationFailed,
        CallError::BusInvocationFailed,
        CallError::AccessDenied,
        CallError::Unknown,
    ];

    /// The error as one of input and output: [`InvalidHandle`](CallError::InvalidHandle) is
    /// [`ConnectionAborted`](io::ErrorKind::ConnectionAborted), all others are
    /// [`Other`](io::ErrorKind::Other).
    pub fn into_io_error(self) -> io::Error {
        self.into()
    }
}

impl From<u32> for CallError {
    fn from(code: u32) -> Self {
        Self::ALL.into_iter().find(|error| *error as u32 == code).unwrap_or(CallError::Unknown)
    }
}

impl From<CallError> for u32 {
    fn from(error: CallError) -> Self {
        error as u32
    }
}

impl From<CallError> for io::Error {
    fn from(error: CallError) -> Self {
        let kind = match error {
            CallError::InvalidHandle => io::ErrorKind::ConnectionAborted,
            _ => io::ErrorKind::Other,
        };
        io::Error::new(kind, error)
    }
}

#[cfg(test)]
mod tests {
    use super::CallError;
    use std::io;

    #[test]
    fn every_number_that_has_a_meaning_goes_there_and_back() {
        let numbers = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 16, 17, 18, u32::MAX];
        assert_eq!(numbers.len(), CallError::ALL.len());
        for number in numbers {
            assert_eq!(u32::from(CallError::from(number)), number);
        }
    }

    #[test]
    fn a_number_without_a_meaning_is_unknown() {
        for number in [13, 15, 19, 20, 1000, u32::MAX - 1] {
            assert_eq!(CallError::from(number), CallError::Unknown, "{number}");
        }
    }

    #[test]
    fn only_a_lost_object_is_an_aborted_connection() {
        for error in CallError::ALL {
            let kind = error.into_io_error().kind();
            let aborted = error == CallError::InvalidHandle;
            assert_eq!(kind == io::ErrorKind::ConnectionAborted, aborted, "{error:?}");
            assert_eq!(kind == io::ErrorKind::Other, !aborted, "{error:?}");
        }
    }

    #[test]
    fn an_io_error_says_what_the_call_said() {
        let error = CallError::AccessDenied.into_io_error();
        assert_eq!(error.to_string(), CallError::AccessDenied.to_string());
    }
}
