use std::{error::Error, fmt, str::FromStr, time::Duration};

/// How long an empty room lives.
///
/// The clock runs from the room's creation, or from the moment when the last client left; a join
/// stops it. A room that is [called](crate::RoomCaller) is not empty until the call is over. As text
/// it is `never`, `immediate`, or a number of seconds such as `300sec`.
///
/// ```
/// use jamsocket::host::ServiceShutdownPolicy;
///
/// assert_eq!("300sec".parse(), Ok(ServiceShutdownPolicy::AfterSeconds(300)));
/// assert_eq!(ServiceShutdownPolicy::Immediate.to_string(), "immediate");
/// assert!("5 min".parse::<ServiceShutdownPolicy>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ServiceShutdownPolicy {
    /// An empty room stays.
    Never,
    /// A room ends when its last client leaves. One that nobody has joined or called yet stays.
    Immediate,
    /// A room ends when it has been empty for so many seconds.
    AfterSeconds(u32),
}

impl ServiceShutdownPolicy {
    /// When a room that is empty since `empty_since` ends, both counted from its creation.
    pub(super) fn deadline(self, empty_since: Duration) -> Option<Duration> {
        match self {
            ServiceShutdownPolicy::AfterSeconds(s) => {
                Some(empty_since + Duration::from_secs(s.into()))
            }
            ServiceShutdownPolicy::Never | ServiceShutdownPolicy::Immediate => None,
        }
    }
}

impl fmt::Display for ServiceShutdownPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServiceShutdownPolicy::Never => f.write_str("never"),
            ServiceShutdownPolicy::Immediate => f.write_str("immediate"),
            ServiceShutdownPolicy::AfterSeconds(s) => write!(f, "{s}sec"),
        }
    }
}

impl FromStr for ServiceShutdownPolicy {
    type Err = ParseShutdownPolicyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        match text {
            "never" => Ok(ServiceShutdownPolicy::Never),
            "immediate" => Ok(ServiceShutdownPolicy::Immediate),
            _ => text
                .strip_suffix("sec")
                .filter(|s| digits(s))
                .and_then(|s| s.parse().ok())
                .map(ServiceShutdownPolicy::AfterSeconds)
                .ok_or_else(|| ParseShutdownPolicyError(text.to_owned())),
        }
    }
}

/// A text that names no [`ServiceShutdownPolicy`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseShutdownPolicyError(String);

impl fmt::Display for ParseShutdownPolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(text) = self;
        write!(f, "`{text}` is no shutdown policy: write `never`, `immediate` or, say, `300sec`")
    }
}

impl Error for ParseShutdownPolicyError {}

#[cfg(test)]
mod tests {
    use super::ServiceShutdownPolicy::{self, *};

    #[test]
    fn every_policy_reads_as_it_is_written() {
        for policy in [Never, Immediate, AfterSeconds(0), AfterSeconds(u32::MAX)] {
            assert_eq!(policy.to_string().parse(), Ok(policy));
        }
    }

    #[test]
    fn anything_else_is_refused_and_named() {
        for text in ["", "sec", "-1sec", "+1sec", "4294967296sec", "1.5sec", "Never", "5 sec"] {
            let refused = text.parse::<ServiceShutdownPolicy>().unwrap_err();
            assert!(refused.to_string().starts_with(&format!("`{text}` is no")), "{refused}");
        }
    }
}
