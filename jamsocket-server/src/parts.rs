//! What fuzzers and benchmarks have to reach inside this crate. It is no part of the API, and there
//! with the feature `parts` alone.

pub use crate::clients::parts::{Decoded, decode};
use crate::{clients::frame, rooms::RoomId};
use bytes::Bytes;
use jamsocket::host::Message;

/// A message of a room as the frame that goes out.
pub fn encode(message: Message) -> Bytes {
    frame::encode(message)
}

/// The id of the room that a path segment names, or why it names none.
pub fn room_id(segment: &str) -> Result<String, String> {
    match RoomId::from_path_segment(segment) {
        Ok(id) => Ok(id.as_str().to_owned()),
        Err(error) => Err(error.to_string()),
    }
}
