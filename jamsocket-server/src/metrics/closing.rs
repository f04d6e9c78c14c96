use super::cases::cases;

cases! {
    /// How a WebSocket came to its end: with which code (RFC 6455, section 7.4.1), and why.
    pub(crate) enum Closing ["code", "reason"] {
        /// The server is stopping.
        Stopping = ["1001", "stopping"],
        /// The peer broke the protocol.
        ProtocolError = ["1002", "protocol_error"],
        /// A text was not UTF-8.
        BadUtf8 = ["1007", "bad_utf8"],
        /// More waited for the client than may.
        TooSlow = ["1008", "too_slow"],
        /// The client sent more often than it may.
        TooManyMessages = ["1008", "too_many_messages"],
        /// A message came in too many fragments.
        TooManyFragments = ["1008", "too_many_fragments"],
        /// The client gave no sign of life.
        Silent = ["1008", "silent"],
        /// A message was too big.
        TooBig = ["1009", "too_big"],
        /// The client's room has failed.
        RoomFailed = ["1011", "room_failed"],
        /// The client's room could not be started.
        NotStarted = ["1011", "not_started"],
        /// The peer is done.
        PeerNormal = ["1000", "peer"],
        /// The peer goes away: a page that is left.
        PeerGoingAway = ["1001", "peer"],
        /// The peer gave no code, for which RFC 6455 has this one.
        PeerNoCode = ["1005", "peer"],
        /// The peer gave another code.
        PeerOther = ["other", "peer"],
        /// The connection was lost without a Close, for which RFC 6455 has this code.
        Lost = ["1006", "lost"],
    }
}

impl Closing {
    /// A Close of the peer's.
    pub(crate) fn by_peer(code: Option<u16>) -> Self {
        match code {
            None => Closing::PeerNoCode,
            Some(1000) => Closing::PeerNormal,
            Some(1001) => Closing::PeerGoingAway,
            Some(_) => Closing::PeerOther,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{Case, cases::tests::assert_sound};

    #[test]
    fn the_labels_are_sound() {
        assert_sound::<Closing>();
    }

    #[test]
    fn a_peers_code_is_its_label_where_it_is_a_common_one() {
        for code in [1000, 1001] {
            assert_eq!(Closing::by_peer(Some(code)).values()[0], code.to_string());
        }
        assert_eq!(Closing::by_peer(Some(4999)), Closing::PeerOther);
        assert_eq!(Closing::by_peer(None), Closing::PeerNoCode);
    }
}
