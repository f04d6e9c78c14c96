/// A message on its way to clients.
///
/// It lies in a buffer with some space before it, so that a host can frame it where it is: what is sent
/// is allocated and copied once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    is_text: bool,
    buffer: Vec<u8>,
}

impl Message {
    /// How many bytes of space there are before the message: the longest header of a frame that a
    /// server sends (RFC 6455, section 5.2).
    pub const HEADROOM: usize = 10;

    /// A text message.
    pub fn text(text: &str) -> Self {
        Self::new(true, text.as_bytes())
    }

    /// A binary message.
    pub fn binary(bytes: &[u8]) -> Self {
        Self::new(false, bytes)
    }

    /// Whether it is text, and so UTF-8.
    pub fn is_text(&self) -> bool {
        self.is_text
    }

    /// The message itself.
    pub fn payload(&self) -> &[u8] {
        &self.buffer[Self::HEADROOM..]
    }

    /// Its buffer: [`HEADROOM`](Self::HEADROOM) bytes that mean nothing, and then the message. It has no
    /// capacity to spare.
    pub fn into_buffer(self) -> Vec<u8> {
        self.buffer
    }

    fn new(is_text: bool, payload: &[u8]) -> Self {
        let mut buffer = Vec::with_capacity(Self::HEADROOM + payload.len());
        buffer.extend_from_slice(&[0; Self::HEADROOM]);
        buffer.extend_from_slice(payload);
        Self { is_text, buffer }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_lies_behind_its_headroom_and_takes_no_more_than_that() {
        for payload in ["", "x", "größer"] {
            let message = Message::text(payload);
            assert!(message.is_text());
            assert_eq!(message.payload(), payload.as_bytes());
            let buffer = message.into_buffer();
            assert_eq!(buffer.len(), Message::HEADROOM + payload.len());
            assert_eq!(buffer.capacity(), buffer.len());
        }
        assert!(!Message::binary(b"x").is_text());
    }
}
