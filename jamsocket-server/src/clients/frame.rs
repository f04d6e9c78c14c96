//! Frames as they go out (RFC 6455, section 5.2). A server's are never masked and never in
//! fragments. A frame is encoded once and shared by all whom it goes to.

use super::CloseReason;
use actix_http::ws::{OpCode, Parser};
use bytes::{Bytes, BytesMut};
use jamsocket::host::Message;

/// A message of a room.
pub(crate) fn encode(message: &Message) -> Bytes {
    match message {
        Message::Text(text) => frame(OpCode::Text, text.as_bytes()),
        Message::Binary(bytes) => frame(OpCode::Binary, bytes),
    }
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
    let header = match payload.len() {
        ..126 => 2,
        126..65_536 => 4,
        _ => 10,
    };
    // No more than that, or sharing the frame would take another allocation.
    let mut buffer = BytesMut::with_capacity(header + payload.len());
    Parser::write_message(&mut buffer, payload, opcode, true, false);
    buffer.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_take_the_shortest_form() {
        let header = |payload: usize| {
            let frame = encode(&Message::Binary(vec![0; payload]));
            frame[..frame.len() - payload].to_vec()
        };
        assert_eq!(header(0), [0x82, 0]);
        assert_eq!(header(125), [0x82, 125]);
        assert_eq!(header(126), [0x82, 126, 0, 126]);
        assert_eq!(header(65_535), [0x82, 126, 255, 255]);
        assert_eq!(header(65_536), [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
    }

    #[test]
    fn a_frame_has_no_room_to_spare() {
        for payload in [0, 125, 126, 65_535, 65_536] {
            let frame = Vec::from(encode(&Message::Binary(vec![0; payload])));
            assert_eq!(frame.capacity(), frame.len());
        }
    }

    #[test]
    fn a_close_frame_holds_its_code_and_reason() {
        let frame = close(&CloseReason::TOO_SLOW);
        assert_eq!(&frame[..], b"\x88\x0a\x03\xf0too slow");
        assert_eq!(&close_echo(Some(1000))[..], b"\x88\x02\x03\xe8");
        assert_eq!(&close_echo(None)[..], b"\x88\x00");
    }
}
