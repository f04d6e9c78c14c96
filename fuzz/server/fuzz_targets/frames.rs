//! What a peer sends, in whatever pieces it comes, is decoded as if it came in one, and no more of it
//! is kept than a message may have.

#![no_main]

use arbitrary::Arbitrary;
use jamsocket_server::{
    Limits,
    parts::{Decoded, decode},
};
use libfuzzer_sys::fuzz_target;

/// What a frame may have beside its message: the longest header, or a control frame with its own.
const BESIDE_A_MESSAGE: usize = 14 + 125;

#[derive(Debug, Arbitrary)]
struct Input {
    parts: Vec<Part>,
    /// How long the pieces are; what is left is the last one.
    pieces: Vec<u8>,
}

#[derive(Debug, Arbitrary)]
enum Part {
    /// A frame as a client makes it; its first byte may be any.
    Frame {
        first: u8,
        mask: [u8; 4],
        payload: Vec<u8>,
    },
    /// A frame of the kinds that there are.
    Proper {
        is_last: bool,
        kind: Kind,
        payload: Vec<u8>,
    },
    /// A header that promises any length.
    Header {
        first: u8,
        second: u8,
        length: u64,
    },
    Raw(Vec<u8>),
}

#[derive(Debug, Clone, Copy, Arbitrary)]
enum Kind {
    Continuation = 0,
    Text = 1,
    Binary = 2,
    Close = 8,
    Ping = 9,
    Pong = 10,
}

fuzz_target!(|input: Input| {
    let limits = Limits { message_bytes: 300, message_fragments: 5, ..Limits::default() };
    let mut bytes = Vec::new();
    for part in &input.parts {
        part.write(&mut bytes);
    }
    let at_once = run(&limits, [&bytes[..]]);
    assert_eq!(run(&limits, pieces(&bytes, &input.pieces)), at_once);
    assert_eq!(run(&limits, bytes.chunks(1)), at_once);
});

fn run<'a>(limits: &Limits, pieces: impl IntoIterator<Item = &'a [u8]>) -> Decoded {
    decode(limits, pieces, |kept| assert!(kept <= limits.message_bytes + BESIDE_A_MESSAGE))
}

impl Part {
    fn write(&self, bytes: &mut Vec<u8>) {
        match self {
            Part::Frame { first, mask, payload } => frame(bytes, *first, *mask, payload),
            Part::Proper { is_last, kind, payload } => {
                frame(bytes, u8::from(*is_last) << 7 | *kind as u8, [0; 4], payload);
            }
            Part::Header { first, second, length } => {
                bytes.extend([*first, *second]);
                bytes.extend(length.to_be_bytes());
            }
            Part::Raw(raw) => bytes.extend(raw),
        }
    }
}

fn frame(bytes: &mut Vec<u8>, first: u8, mask: [u8; 4], payload: &[u8]) {
    bytes.push(first);
    match payload.len() {
        short @ 0..126 => bytes.push(0x80 | short as u8),
        length => {
            bytes.push(0x80 | 126);
            bytes.extend((length as u16).to_be_bytes());
        }
    }
    bytes.extend(mask);
    bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
}

/// The bytes in pieces of these lengths, and what is left.
fn pieces<'a>(bytes: &'a [u8], lengths: &[u8]) -> Vec<&'a [u8]> {
    let mut rest = bytes;
    let mut pieces = Vec::new();
    for length in lengths {
        let (piece, more) = rest.split_at(rest.len().min(usize::from(*length)));
        pieces.push(piece);
        rest = more;
    }
    pieces.push(rest);
    pieces
}
