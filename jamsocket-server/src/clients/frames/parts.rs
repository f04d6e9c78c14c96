use super::Decoder;
use crate::Limits;

/// What came of the bytes of one peer.
#[derive(Debug, PartialEq, Eq)]
pub struct Decoded {
    /// What it has sent, in words.
    pub messages: Vec<String>,
    /// The code of the Close that it gets, if it broke a rule.
    pub close: Option<u16>,
}

/// Decodes the bytes of a peer that come in these pieces. `waiting` is told how many bytes are kept
/// each time that the decoder waits for more.
pub fn decode<'a>(
    limits: &Limits,
    pieces: impl IntoIterator<Item = &'a [u8]>,
    mut waiting: impl FnMut(usize),
) -> Decoded {
    let mut decoder = Decoder::new(limits);
    let mut messages = Vec::new();
    for piece in pieces {
        decoder.feed(piece);
        loop {
            match decoder.next() {
                Ok(Some(incoming)) => messages.push(format!("{incoming:?}")),
                Ok(None) => break,
                Err(reason) => return Decoded { messages, close: Some(reason.code) },
            }
        }
        let joined = decoder.partial.as_ref().map_or(0, |partial| partial.bytes.len());
        waiting(decoder.buffer.len() + joined);
    }
    Decoded { messages, close: None }
}
