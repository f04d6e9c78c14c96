use crate::metrics::Closing;
use std::borrow::Cow;

/// The longest reason that a Close frame holds: 125 bytes less two for the code (RFC 6455, 5.5).
const MAX_REASON_BYTES: usize = 123;

/// Why the server closes a WebSocket: a code (RFC 6455, 7.4.1) and a text for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CloseReason {
    /// What it is counted as.
    pub(super) closing: Closing,
    pub(crate) code: u16,
    text: Cow<'static, str>,
}

impl CloseReason {
    pub(crate) const STOPPING: Self =
        Self::fixed(Closing::Stopping, 1001, "the server is stopping");
    pub(crate) const BAD_UTF8: Self = Self::fixed(Closing::BadUtf8, 1007, "a text is not UTF-8");
    pub(crate) const TOO_SLOW: Self = Self::fixed(Closing::TooSlow, 1008, "too slow");
    pub(crate) const TOO_MANY_MESSAGES: Self =
        Self::fixed(Closing::TooManyMessages, 1008, "too many messages");
    pub(crate) const TOO_MANY_FRAGMENTS: Self =
        Self::fixed(Closing::TooManyFragments, 1008, "too many fragments");
    pub(crate) const SILENT: Self = Self::fixed(Closing::Silent, 1008, "no sign of life");
    pub(crate) const TOO_BIG: Self = Self::fixed(Closing::TooBig, 1009, "a message is too big");
    pub(crate) const ROOM_FAILED: Self =
        Self::fixed(Closing::RoomFailed, 1011, "the room has failed");

    const fn fixed(closing: Closing, code: u16, text: &'static str) -> Self {
        Self { closing, code, text: Cow::Borrowed(text) }
    }

    /// The peer broke the protocol.
    pub(crate) fn protocol_error(text: impl Into<Cow<'static, str>>) -> Self {
        Self { closing: Closing::ProtocolError, code: 1002, text: text.into() }
    }

    /// The room could not be started.
    pub(crate) fn not_started(cause: String) -> Self {
        Self { closing: Closing::NotStarted, code: 1011, text: cause.into() }
    }

    /// The reason as it is sent: cut to what a Close frame holds, at a character.
    pub(crate) fn text(&self) -> &str {
        &self.text[..self.text.floor_char_boundary(MAX_REASON_BYTES)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Case;

    #[test]
    fn a_reason_is_counted_under_its_code() {
        for reason in [
            CloseReason::STOPPING,
            CloseReason::BAD_UTF8,
            CloseReason::TOO_SLOW,
            CloseReason::TOO_MANY_MESSAGES,
            CloseReason::TOO_MANY_FRAGMENTS,
            CloseReason::SILENT,
            CloseReason::TOO_BIG,
            CloseReason::ROOM_FAILED,
            CloseReason::protocol_error("x"),
            CloseReason::not_started("x".to_owned()),
        ] {
            assert_eq!(reason.closing.values()[0], reason.code.to_string(), "{reason:?}");
        }
    }

    #[test]
    fn a_reason_is_cut_to_123_bytes_at_a_character() {
        let text_of = |text: &str| CloseReason::not_started(text.to_owned()).text().to_owned();
        assert_eq!(text_of(&"x".repeat(123)), "x".repeat(123));
        assert_eq!(text_of(&"x".repeat(124)), "x".repeat(123));
        assert_eq!(text_of(&"é".repeat(62)), "é".repeat(61));
    }
}
