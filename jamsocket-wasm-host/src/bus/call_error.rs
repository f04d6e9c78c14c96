use std::fmt;

/// Why a call got no reply, as a number that both sides know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct CallError(u32);

impl CallError {
    /// The request of a host's own function is not what that takes.
    pub(crate) const DESERIALIZATION_FAILED: Self = Self(2);
    /// There is no module of that name.
    pub(crate) const INVALID_WAPM: Self = Self(3);
    /// The module lacks the exports of the bus, or does not serve.
    pub(crate) const INCORRECT_ABI: Self = Self(6);
    /// The far side has ended before it answered.
    pub(crate) const ABORTED: Self = Self(7);
    /// The number is in use, or names nothing.
    pub(crate) const INVALID_HANDLE: Self = Self(8);
    /// A callback that the host's own function needs is missing.
    pub(crate) const MISSING_CALLBACKS: Self = Self(10);
    /// The host has no such function.
    pub(crate) const UNSUPPORTED: Self = Self(11);
    /// A name or a topic is not UTF-8.
    pub(crate) const BAD_REQUEST: Self = Self(12);
    /// The host itself has failed.
    pub(crate) const INTERNAL_FAILURE: Self = Self(14);
    /// A bound is reached.
    pub(crate) const MEMORY_ALLOCATION_FAILED: Self = Self(16);
    /// The far side has trapped as it got the call.
    pub(crate) const BUS_INVOCATION_FAILED: Self = Self(17);
    /// Nobody has granted this.
    pub(crate) const ACCESS_DENIED: Self = Self(18);

    /// What a guest faulted a call with, whatever it is.
    pub(crate) fn of_guest(code: u32) -> Self {
        Self(code)
    }

    /// What a guest is told.
    pub(crate) fn code(self) -> u32 {
        self.0
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match *self {
            Self::DESERIALIZATION_FAILED => "deserialization failed",
            Self::INVALID_WAPM => "there is no module, or room, of that name",
            Self::INCORRECT_ABI => "the module does not serve",
            Self::ABORTED => "aborted",
            Self::INVALID_HANDLE => "invalid handle",
            Self::MISSING_CALLBACKS => "missing callbacks",
            Self::UNSUPPORTED => "unsupported",
            Self::BAD_REQUEST => "bad request",
            Self::INTERNAL_FAILURE => "internal failure",
            Self::MEMORY_ALLOCATION_FAILED => "a bound is reached",
            Self::BUS_INVOCATION_FAILED => "the callee trapped",
            Self::ACCESS_DENIED => "access denied",
            Self(code) => return write!(f, "error {code}"),
        };
        f.write_str(name)
    }
}
