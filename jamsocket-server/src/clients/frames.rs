//! What comes in: frames off a socket, made into whole messages (RFC 6455, sections 5 and 8.1).
//!
//! The parser of actix-http reads a frame, but only once it is there whole, and knows nothing of
//! messages. So each frame's length is judged here as soon as its header is there, before any of it
//! is buffered; fragments are joined; and text is checked at the end of every frame.

use super::CloseReason;
use crate::Limits;
use actix_http::ws::{OpCode, Parser, ProtocolError};
use bytes::{Bytes, BytesMut};
use bytestring::ByteString;
use std::str;

/// The longest payload of a control frame (RFC 6455, section 5.5).
const MAX_CONTROL_BYTES: u64 = 125;

/// The greatest length that a header can name (RFC 6455, section 5.2).
const MAX_LENGTH: u64 = i64::MAX as u64;

/// Up to which size the space for what comes is kept by a client that has sent all that it began.
const KEPT_BYTES: usize = 16 << 10;

/// What a client has sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Incoming {
    Text(ByteString),
    Binary(Bytes),
    Ping(Bytes),
    Pong,
    /// With the code that the peer gave, if it gave one.
    Close(Option<u16>),
}

/// Makes messages of bytes. It does no I/O.
#[derive(Debug)]
pub(super) struct Decoder {
    /// The longest message, in bytes.
    max_bytes: usize,
    /// In how many fragments a message may come.
    max_fragments: usize,
    buffer: BytesMut,
    /// How much was in the buffer at most, as its own capacity does not say how much it keeps.
    peak: usize,
    /// The message whose last fragment has not come yet.
    partial: Option<Partial>,
}

#[derive(Debug)]
struct Partial {
    is_text: bool,
    bytes: BytesMut,
    fragments: usize,
    /// How much of a text is known to be UTF-8; the rest is the begin of a character.
    checked: usize,
}

impl Decoder {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            max_bytes: limits.message_bytes,
            max_fragments: limits.message_fragments,
            buffer: BytesMut::new(),
            peak: 0,
            partial: None,
        }
    }

    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
        self.peak = self.peak.max(self.buffer.len());
    }

    /// The next thing that the client has sent, or `None` when more bytes are needed.
    ///
    /// # Errors
    ///
    /// The peer broke the protocol or a bound; the WebSocket is to be closed for this reason. The
    /// decoder is of no use any more.
    pub(super) fn next(&mut self) -> Result<Option<Incoming>, CloseReason> {
        loop {
            // The parser would judge as much of a header as there is, so that the reason would depend
            // on how the bytes were cut.
            let Some(header) = Header::read(&self.buffer) else {
                if self.buffer.is_empty() && self.peak > KEPT_BYTES {
                    (self.buffer, self.peak) = (BytesMut::new(), 0);
                }
                return Ok(None);
            };
            self.judge(&header)?;
            let parsed = Parser::parse(&mut self.buffer, true, usize::MAX).map_err(broken)?;
            let Some((is_final, opcode, payload)) = parsed else { return Ok(None) };
            let payload = payload.map_or_else(Bytes::new, BytesMut::freeze);
            let whole = match opcode {
                OpCode::Text | OpCode::Binary if self.partial.is_some() => {
                    return Err(CloseReason::protocol_error("a message begins inside another"));
                }
                OpCode::Text if is_final => Incoming::Text(text(payload)?),
                OpCode::Binary if is_final => Incoming::Binary(payload),
                OpCode::Text | OpCode::Binary => {
                    self.partial = Some(Partial::new(opcode == OpCode::Text));
                    self.join(&payload)?;
                    continue;
                }
                OpCode::Continue => {
                    self.join(&payload)?;
                    match self.partial.take_if(|_| is_final) {
                        Some(message) => message.finish()?,
                        None => continue,
                    }
                }
                OpCode::Ping => Incoming::Ping(payload),
                OpCode::Pong => Incoming::Pong,
                OpCode::Close => Incoming::Close(close_code(&payload)?),
                OpCode::Bad => return Err(CloseReason::protocol_error("no such opcode")),
            };
            return Ok(Some(whole));
        }
    }

    /// Refuses a frame that is too long as soon as its header says so.
    fn judge(&self, header: &Header) -> Result<(), CloseReason> {
        if !header.is_minimal {
            return Err(CloseReason::protocol_error("a length does not take its shortest form"));
        }
        if header.payload > MAX_LENGTH {
            return Err(CloseReason::protocol_error("a length has at most 63 bits"));
        }
        if header.is_control {
            if header.payload > MAX_CONTROL_BYTES {
                return Err(CloseReason::protocol_error("a control frame is too long"));
            }
            if !header.is_final {
                return Err(CloseReason::protocol_error("a control frame is fragmented"));
            }
            return Ok(());
        }
        let joined = self.partial.as_ref().map_or(0, |partial| partial.bytes.len());
        if header.payload > self.max_bytes.saturating_sub(joined) as u64 {
            return Err(CloseReason::TOO_BIG);
        }
        Ok(())
    }

    /// Adds a fragment to the message that was begun.
    fn join(&mut self, fragment: &[u8]) -> Result<(), CloseReason> {
        let Some(partial) = &mut self.partial else {
            return Err(CloseReason::protocol_error("a continuation continues nothing"));
        };
        partial.add(fragment)?;
        if partial.fragments > self.max_fragments {
            return Err(CloseReason::TOO_MANY_FRAGMENTS);
        }
        Ok(())
    }
}

impl Partial {
    fn new(is_text: bool) -> Self {
        Self { is_text, bytes: BytesMut::new(), fragments: 0, checked: 0 }
    }

    fn add(&mut self, fragment: &[u8]) -> Result<(), CloseReason> {
        self.fragments += 1;
        self.bytes.extend_from_slice(fragment);
        if self.is_text {
            match str::from_utf8(&self.bytes[self.checked..]) {
                Ok(_) => self.checked = self.bytes.len(),
                Err(error) if error.error_len().is_none() => self.checked += error.valid_up_to(),
                Err(_) => return Err(CloseReason::BAD_UTF8),
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<Incoming, CloseReason> {
        let bytes = self.bytes.freeze();
        if self.is_text { Ok(Incoming::Text(text(bytes)?)) } else { Ok(Incoming::Binary(bytes)) }
    }
}

/// As much of a frame's header as says how long the frame is.
struct Header {
    is_final: bool,
    is_control: bool,
    payload: u64,
    /// Whether the length is written in as few bytes as it can be.
    is_minimal: bool,
}

impl Header {
    fn read(buffer: &[u8]) -> Option<Self> {
        let (&first, rest) = buffer.split_first()?;
        let (&second, rest) = rest.split_first()?;
        let (payload, shortest) = match second & 0x7f {
            126 => (u16::from_be_bytes(*rest.first_chunk()?).into(), 126),
            127 => (u64::from_be_bytes(*rest.first_chunk()?), 1 << 16),
            short => (short.into(), 0),
        };
        Some(Self {
            is_final: first & 0x80 != 0,
            is_control: first & 0x08 != 0,
            payload,
            is_minimal: payload >= shortest,
        })
    }
}

fn text(bytes: Bytes) -> Result<ByteString, CloseReason> {
    ByteString::try_from(bytes).map_err(|_| CloseReason::BAD_UTF8)
}

/// The code of a Close, if it has one; that and the reason after it are checked (section 5.5.1).
fn close_code(payload: &[u8]) -> Result<Option<u16>, CloseReason> {
    if payload.get(2..).is_some_and(|reason| str::from_utf8(reason).is_err()) {
        return Err(CloseReason::BAD_UTF8);
    }
    match Parser::try_parse_close_payload(payload) {
        Ok(close) => Ok(close.map(|close| close.code.into())),
        Err(_) => Err(CloseReason::protocol_error("a Close has no such code")),
    }
}

fn broken(error: ProtocolError) -> CloseReason {
    CloseReason::protocol_error(error.to_string())
}

#[cfg(feature = "parts")]
pub(crate) mod parts;
#[cfg(test)]
mod tests;
