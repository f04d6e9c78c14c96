use jamsocket::host::SendLimits;
use std::time::Duration;

jamsocket::limits! {
    /// What the clients and the rooms of a server may use.
    ///
    /// Each is tested on either side of it, and listed in `docs/LIMITS.md` with what happens beyond.
    ///
    /// ```
    /// use jamsocket_server::{Limits, Server};
    ///
    /// let limits = Limits { max_clients: 8, message_bytes: 16 << 10, ..Limits::default() };
    /// let server = Server::new().with_limits(limits);
    /// ```
    pub struct Limits {
        /// How many bytes a client's message may have.
        pub message_bytes: usize = 1 << 20,
        /// In how many fragments a client's message may come. By default 65,536 and a last one, which
        /// may be empty.
        pub message_fragments: usize = 65_537,
        /// How many messages may wait for a room before its clients' sockets are left unread.
        pub inbox_messages: usize = 1_024,
        /// How many bytes of messages may wait for a room likewise.
        pub inbox_bytes: usize = 4 << 20,
        /// How many messages may wait for a client before it is too slow.
        pub outbox_messages: usize = 1_024,
        /// How many bytes of messages may wait for a client likewise; an empty outbox takes any one.
        pub outbox_bytes: usize = 4 << 20,
        /// How many messages one callback of a room may send.
        pub callback_messages: usize = 10_000,
        /// How many bytes of messages one callback of a room may send.
        pub callback_bytes: usize = 4 << 20,
        /// How many bytes of log lines one callback of a room may write.
        pub callback_log_bytes: usize = 64 << 10,
        /// How many rooms a service may have.
        pub max_rooms: u32 = 10_000,
        /// How many clients a room may have.
        pub max_clients: u32 = 10_000,
        /// How many WebSockets there may be.
        pub max_connections: u32 = 25_000,
        /// How many messages a second a client may send in the long run; 0 is any number.
        pub rate_messages: u32 = 0,
        /// How many messages a client may send at once before that rate counts.
        pub rate_burst: u32 = 100,
        /// How many rooms a second may be made from one address; 0 is any number.
        pub rate_rooms: u32 = 0,
        /// How long the head of a request may take to come, and before it a TLS handshake.
        pub request_time: Duration = Duration::from_secs(5),
        /// How long a client waits for a room to take it.
        pub join_time: Duration = Duration::from_secs(10),
        /// For how long a room that has failed to start five times within ten seconds is not started
        /// again. Zero: not at all.
        pub backoff_time: Duration = Duration::from_secs(1),
        /// How long a peer has to answer a Close.
        pub close_time: Duration = Duration::from_secs(5),
        /// How long a peer may take nothing of what was sent to it.
        pub write_time: Duration = Duration::from_secs(10),
        /// How long rooms and clients have to come to their end when the server stops.
        pub stop_time: Duration = Duration::from_secs(10),
    }
}

/// A longer time is as good as none, and would overflow clocks.
pub(crate) const A_YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

impl Limits {
    /// These limits with no time that clocks cannot count.
    pub(crate) fn countable(&self) -> Self {
        let within = |time: Duration| time.min(A_YEAR);
        Self {
            request_time: within(self.request_time),
            join_time: within(self.join_time),
            backoff_time: within(self.backoff_time),
            close_time: within(self.close_time),
            write_time: within(self.write_time),
            stop_time: within(self.stop_time),
            ..self.clone()
        }
    }

    pub(crate) fn sending(&self) -> SendLimits {
        SendLimits {
            messages: self.callback_messages,
            bytes: self.callback_bytes,
            log_bytes: self.callback_log_bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_time_is_longer_than_clocks_can_count() {
        let (mut limits, mut a_year) = (Limits::default(), Limits::default());
        for time in Limits::BOUNDS.iter().filter(|bound| bound.name.ends_with("_time")) {
            time.set(&mut limits, "300000000000000min").unwrap();
            time.set(&mut a_year, "525600min").unwrap();
        }
        assert_eq!(limits.countable(), a_year);
        assert_eq!(a_year.countable(), a_year);
        assert_eq!(Limits::default().countable(), Limits::default());
    }
}
