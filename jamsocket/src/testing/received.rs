use crate::host::Message;
use std::fmt;

/// A message that a client of a [`TestRoom`](super::TestRoom) has received.
///
/// It equals a string or bytes of the same kind and content, and prints as these do, so that a test
/// writes what it expects as it is:
///
/// ```
/// use jamsocket::testing::Received;
///
/// let received = vec![Received::Text("hello".to_owned()), Received::Text("bye".to_owned())];
/// assert_eq!(received, ["hello", "bye"]);
/// let received = vec![Received::Binary(vec![0, 255])];
/// assert_eq!(received, [[0, 255]]);
/// assert_eq!(format!("{received:?}"), "[[0, 255]]");
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Received {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
}

impl Received {
    pub(super) fn new(message: &Message) -> Self {
        let payload = message.payload().to_vec();
        if message.is_text() {
            Received::Text(String::from_utf8(payload).expect("it was sent as a `str`"))
        } else {
            Received::Binary(payload)
        }
    }

    /// The text.
    ///
    /// # Panics
    ///
    /// The message is binary.
    #[track_caller]
    pub fn text(&self) -> &str {
        match self {
            Received::Text(text) => text,
            Received::Binary(_) => panic!("the message is binary: {self:?}"),
        }
    }

    /// The bytes.
    ///
    /// # Panics
    ///
    /// The message is text.
    #[track_caller]
    pub fn binary(&self) -> &[u8] {
        match self {
            Received::Binary(bytes) => bytes,
            Received::Text(_) => panic!("the message is text: {self:?}"),
        }
    }

    fn is_text(&self, expected: &str) -> bool {
        matches!(self, Received::Text(text) if text == expected)
    }

    fn is_binary(&self, expected: &[u8]) -> bool {
        matches!(self, Received::Binary(bytes) if bytes == expected)
    }
}

/// As the string or the bytes that it is.
impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Received::Text(text) => text.fmt(f),
            Received::Binary(bytes) => bytes.fmt(f),
        }
    }
}

impl PartialEq<&str> for Received {
    fn eq(&self, text: &&str) -> bool {
        self.is_text(text)
    }
}

impl PartialEq<String> for Received {
    fn eq(&self, text: &String) -> bool {
        self.is_text(text)
    }
}

impl PartialEq<&[u8]> for Received {
    fn eq(&self, bytes: &&[u8]) -> bool {
        self.is_binary(bytes)
    }
}

impl PartialEq<Vec<u8>> for Received {
    fn eq(&self, bytes: &Vec<u8>) -> bool {
        self.is_binary(bytes)
    }
}

impl<const N: usize> PartialEq<[u8; N]> for Received {
    fn eq(&self, bytes: &[u8; N]) -> bool {
        self.is_binary(bytes)
    }
}

impl<const N: usize> PartialEq<&[u8; N]> for Received {
    fn eq(&self, bytes: &&[u8; N]) -> bool {
        self.is_binary(*bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_equals_strings_and_binary_equals_bytes() {
        let text = Received::new(&Message::text("größer"));
        assert_eq!(text, "größer");
        assert_eq!(text, "größer".to_owned());
        assert_ne!(text, "größe");
        let binary = Received::new(&Message::binary(b"\0\xff"));
        assert_eq!(binary, [0, 255]);
        assert_eq!(binary, b"\0\xff");
        assert_eq!(binary, &[0, 255][..]);
        assert_eq!(binary, vec![0, 255]);
        assert_ne!(binary, [0, 254]);
    }

    #[test]
    fn text_is_not_binary_though_the_bytes_are_the_same() {
        let (text, binary) = (Message::text("abc"), Message::binary(b"abc"));
        let (text, binary) = (Received::new(&text), Received::new(&binary));
        assert_ne!(text, binary);
        assert_ne!(text, b"abc");
        assert_ne!(binary, "abc");
    }

    #[test]
    fn a_failed_assertion_shows_what_it_was() {
        let received = [Received::Text("say \"hi\"".to_owned()), Received::Binary(vec![1, 2])];
        assert_eq!(format!("{received:?}"), r#"["say \"hi\"", [1, 2]]"#);
    }

    #[test]
    fn the_content_is_at_hand() {
        assert_eq!(Received::Text("7".to_owned()).text().parse(), Ok(7));
        assert_eq!(Received::Binary(vec![1, 2]).binary().len(), 2);
    }

    #[test]
    #[should_panic(expected = "the message is binary: [1, 2]")]
    fn bytes_are_not_taken_for_text() {
        Received::Binary(vec![1, 2]).text();
    }

    #[test]
    #[should_panic(expected = "the message is text: \"hello\"")]
    fn text_is_not_taken_for_bytes() {
        Received::Text("hello".to_owned()).binary();
    }
}
