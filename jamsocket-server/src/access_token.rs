use std::{fmt, str::FromStr};
use subtle::ConstantTimeEq;
use thiserror::Error;

/// What a call to a service's rooms has to show, which is not empty. It is a secret, and not printed.
///
/// ```
/// let token: jamsocket_server::AccessToken = "hunter2".parse()?;
/// # Ok::<(), jamsocket_server::EmptyAccessToken>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken(String);

impl AccessToken {
    /// Whether this is the token. How long it takes tells nothing of what the token is, but of its length.
    pub(crate) fn is(&self, shown: &str) -> bool {
        self.0.as_bytes().ct_eq(shown.as_bytes()).into()
    }
}

impl FromStr for AccessToken {
    type Err = EmptyAccessToken;

    fn from_str(token: &str) -> Result<Self, Self::Err> {
        if token.is_empty() { Err(EmptyAccessToken) } else { Ok(Self(token.to_owned())) }
    }
}

/// An access token is empty, as what callers show who know none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("an access token needs at least one character")]
pub struct EmptyAccessToken;

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_itself_and_nothing_else_and_is_not_printed() {
        let token: AccessToken = "hunter2".parse().unwrap();
        assert!(token.is("hunter2"));
        for other in ["", "hunter", "hunter22", "Hunter2"] {
            assert!(!token.is(other), "{other}");
        }
        assert!(!format!("{token:?}").contains("hunter2"));
        assert_eq!("".parse::<AccessToken>(), Err(EmptyAccessToken));
    }
}
