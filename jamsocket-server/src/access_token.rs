use std::fmt;
use subtle::ConstantTimeEq;

/// What a call to a service's rooms has to show. It is a secret, and not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken(String);

impl AccessToken {
    /// The token that is this text.
    pub fn new(token: impl Into<String>) -> Self {
        Self(token.into())
    }

    /// Whether this is the token. How long it takes tells nothing of what the token is, but of its length.
    pub(crate) fn is(&self, shown: &str) -> bool {
        self.0.as_bytes().ct_eq(shown.as_bytes()).into()
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::AccessToken;

    #[test]
    fn a_token_is_itself_and_nothing_else_and_is_not_printed() {
        let token = AccessToken::new("hunter2");
        assert!(token.is("hunter2"));
        for other in ["", "hunter", "hunter22", "Hunter2"] {
            assert!(!token.is(other), "{other}");
        }
        assert!(!format!("{token:?}").contains("hunter2"));
    }
}
