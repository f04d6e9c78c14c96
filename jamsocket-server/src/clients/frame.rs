//! Frames as they go out (RFC 6455, section 5.2). A server's are never masked and never in
//! fragments. A frame is encoded once and shared by all whom it goes to.

use super::CloseReason;
use actix_http::ws::OpCode;
use bytes::{Buf as _, Bytes};
use jamsocket::host::Message;
use std::ops::Deref;

/// A message of a room, which stays where it is: the header goes into the space before it.
pub(crate) fn encode(message: Message) -> Bytes {
    let opcode = if message.is_text() { OpCode::Text } else { OpCode::Binary };
    let header = Header::new(opcode, message.payload().len());
    let mut buffer = message.into_buffer();
    let start = Message::HEADROOM - header.len();
    buffer[start..Message::HEADROOM].copy_from_slice(&header);
    let mut frame = Bytes::from(buffer);
    frame.advance(start);
    frame
}

pub(super) fn ping() -> Bytes {
    frame(OpCode::Ping, &[])
}

pub(super) fn pong(payload: &[u8]) -> Bytes {
    frame(OpCode::Pong, payload)
}

pub(super) fn close(reason: &CloseReason) -> Bytes {
    let mut payload = reason.code.to_be_bytes().to_vec();
    payload.extend_from_slice(reason.text().as_bytes());
    frame(OpCode::Close, &payload)
}

/// The answer to a peer's Close: its code and nothing more, or an empty Close to an empty one.
pub(super) fn close_echo(code: Option<u16>) -> Bytes {
    match code {
        Some(code) => frame(OpCode::Close, &code.to_be_bytes()),
        None => frame(OpCode::Close, &[]),
    }
}

fn frame(opcode: OpCode, payload: &[u8]) -> Bytes {
    let header = Header::new(opcode, payload.len());
    [&header[..], payload].concat().into()
}

/// What comes before a payload.
struct Header {
    bytes: [u8; Message::HEADROOM],
    len: usize,
}

impl Header {
    fn new(opcode: OpCode, payload: usize) -> Self {
        let mut header = Self { bytes: [0; Message::HEADROOM], len: 0 };
        // Final, as it always is.
        header.push(&[0x80 | u8::from(opcode)]);
        // The length takes its shortest form, and no lengths are longer than 64 bits.
        match (u8::try_from(payload), u16::try_from(payload)) {
            (Ok(short @ ..126), _) => header.push(&[short]),
            (_, Ok(medium)) => {
                header.push(&[126]);
                header.push(&medium.to_be_bytes());
            }
            _ => {
                header.push(&[127]);
                header.push(&(payload as u64).to_be_bytes());
            }
        }
        header
    }

    fn push(&mut self, bytes: &[u8]) {
        self.bytes[self.len..][..bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
    }
}

impl Deref for Header {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_take_the_shortest_form() {
        let header = |payload: usize| {
            let frame = encode(Message::binary(&vec![0; payload]));
            frame[..frame.len() - payload].to_vec()
        };
        assert_eq!(header(0), [0x82, 0]);
        assert_eq!(header(125), [0x82, 125]);
        assert_eq!(header(126), [0x82, 126, 0, 126]);
        assert_eq!(header(65_535), [0x82, 126, 255, 255]);
        assert_eq!(header(65_536), [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
    }

    #[test]
    fn a_close_frame_holds_its_code_and_reason() {
        let frame = close(&CloseReason::TOO_SLOW);
        assert_eq!(&frame[..], b"\x88\x0a\x03\xf0too slow");
        assert_eq!(&close_echo(Some(1000))[..], b"\x88\x02\x03\xe8");
        assert_eq!(&close_echo(None)[..], b"\x88\x00");
    }
}
