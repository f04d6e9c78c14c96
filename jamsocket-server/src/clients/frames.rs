//! What comes in: frames off a socket, made into whole messages (RFC 6455, sections 5 and 8.1).
//!
//! The codec of actix-http reads a frame, but only once it is there whole, and knows nothing of
//! messages. So each frame's length is judged here as soon as its header is there, before any of it
//! is buffered; fragments are joined; and text is checked at the end of every frame.

use super::CloseReason;
use crate::Limits;
use actix_http::ws::{Codec, Frame, Item, ProtocolError};
use bytes::{Bytes, BytesMut};
use bytestring::ByteString;
use std::str;
use tokio_util::codec::Decoder as _;

/// Up to which length a message is copied out of its buffer, which has some 32 KiB.
const COPIED_BYTES: usize = 8 << 10;

/// The longest payload of a control frame (RFC 6455, section 5.5).
const MAX_CONTROL_BYTES: u64 = 125;

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
    codec: Codec,
    buffer: BytesMut,
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
            codec: Codec::new().max_size(limits.message_bytes),
            buffer: BytesMut::new(),
            partial: None,
        }
    }

    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next thing that the client has sent, or `None` when more bytes are needed.
    ///
    /// # Errors
    ///
    /// The peer broke the protocol or a bound; the WebSocket is to be closed for this reason. The
    /// decoder is of no use any more.
    pub(super) fn next(&mut self) -> Result<Option<Incoming>, CloseReason> {
        loop {
            self.judge_header()?;
            let Some(frame) = self.codec.decode(&mut self.buffer).map_err(reason)? else {
                return Ok(None);
            };
            let whole = match frame {
                Frame::Text(bytes) => Incoming::Text(text(owned(bytes))?),
                Frame::Binary(bytes) => Incoming::Binary(owned(bytes)),
                Frame::Ping(payload) => Incoming::Ping(payload),
                Frame::Pong(_) => Incoming::Pong,
                Frame::Close(close) => Incoming::Close(close.map(|close| close.code.into())),
                Frame::Continuation(item) => match self.join(item)? {
                    Some(message) => message,
                    None => continue,
                },
            };
            return Ok(Some(whole));
        }
    }

    /// Refuses a frame that is too long as soon as its header says so.
    fn judge_header(&self) -> Result<(), CloseReason> {
        let Some(header) = Header::read(&self.buffer) else { return Ok(()) };
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

    fn join(&mut self, item: Item) -> Result<Option<Incoming>, CloseReason> {
        let (fragment, is_last) = match item {
            Item::FirstText(fragment) => (self.begin(true, fragment), false),
            Item::FirstBinary(fragment) => (self.begin(false, fragment), false),
            Item::Continue(fragment) => (fragment, false),
            Item::Last(fragment) => (fragment, true),
        };
        let Some(partial) = &mut self.partial else {
            return Err(CloseReason::protocol_error("a continuation continues nothing"));
        };
        partial.add(&fragment)?;
        if partial.fragments > self.max_fragments {
            return Err(CloseReason::TOO_MANY_FRAGMENTS);
        }
        if !is_last {
            return Ok(None);
        }
        self.partial.take().map(Partial::finish).transpose()
    }

    fn begin(&mut self, is_text: bool, fragment: Bytes) -> Bytes {
        self.partial = Some(Partial { is_text, bytes: BytesMut::new(), fragments: 0, checked: 0 });
        fragment
    }
}

impl Partial {
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
}

impl Header {
    fn read(buffer: &[u8]) -> Option<Self> {
        let (&first, rest) = buffer.split_first()?;
        let (&second, rest) = rest.split_first()?;
        let payload = match second & 0x7f {
            126 => u16::from_be_bytes(*rest.first_chunk()?).into(),
            127 => u64::from_be_bytes(*rest.first_chunk()?),
            short => short.into(),
        };
        Some(Self { is_final: first & 0x80 != 0, is_control: first & 0x08 != 0, payload })
    }
}

/// A message by itself. A short one is copied, as it would keep the whole buffer that it was read
/// into for as long as it waits.
fn owned(bytes: Bytes) -> Bytes {
    if bytes.len() <= COPIED_BYTES { Bytes::copy_from_slice(&bytes) } else { bytes }
}

fn text(bytes: Bytes) -> Result<ByteString, CloseReason> {
    ByteString::try_from(bytes).map_err(|_| CloseReason::BAD_UTF8)
}

fn reason(error: ProtocolError) -> CloseReason {
    match error {
        ProtocolError::Overflow => CloseReason::TOO_BIG,
        other => CloseReason::protocol_error(other.to_string()),
    }
}

#[cfg(test)]
mod tests;
