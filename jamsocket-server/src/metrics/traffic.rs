use super::{Case, Histogram, OwnCounter, cases::cases};
use jamsocket::host;

/// What happens in the rooms of one service on one worker thread, which alone adds to it. Rooms stay
/// on their thread, so that no two processors work on one of these numbers.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    pub(crate) received_messages: OwnCounter,
    pub(crate) received_bytes: OwnCounter,
    /// One for each recipient.
    pub(crate) sent_messages: OwnCounter,
    pub(crate) sent_bytes: OwnCounter,
    /// Messages for whom nobody was there.
    pub(crate) undelivered_messages: OwnCounter,
    pub(crate) dropped_log_lines: OwnCounter,
    /// How often rooms were refused memory.
    pub(crate) refused_growths: OwnCounter,
    /// How often rooms were denied what they called.
    pub(crate) denied_calls: OwnCounter,
    callbacks: [Histogram; Callback::ALL.len()],
}

impl Traffic {
    pub(crate) fn callback(&self, callback: Callback) -> &Histogram {
        &self.callbacks[callback.index()]
    }
}

cases! {
    /// Which callback of a service, whoever it is about.
    pub(crate) enum Callback ["callback"] {
        /// `connect`.
        Connect = ["connect"],
        /// `disconnect`.
        Disconnect = ["disconnect"],
        /// `message`.
        Message = ["message"],
        /// `binary`.
        Binary = ["binary"],
        /// `timer`.
        Timer = ["timer"],
        /// `resume`: the service's own tasks.
        Resume = ["resume"],
    }
}

impl Callback {
    /// `None` for what is no callback.
    pub(crate) fn of(callback: host::Callback) -> Option<Self> {
        match callback {
            host::Callback::Connect(_) => Some(Callback::Connect),
            host::Callback::Disconnect(_) => Some(Callback::Disconnect),
            host::Callback::Message(_) => Some(Callback::Message),
            host::Callback::Binary(_) => Some(Callback::Binary),
            host::Callback::Timer => Some(Callback::Timer),
            host::Callback::Resume => Some(Callback::Resume),
            host::Callback::Call | host::Callback::Outside => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::cases::tests::assert_sound;

    #[test]
    fn the_labels_are_sound() {
        assert_sound::<Callback>();
    }
}
