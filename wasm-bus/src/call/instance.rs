use std::fmt;

/// An instance of a module, and what gives access to it. What there is to be named, the host says:
/// those of a Jamsocket server are its rooms.
#[derive(Clone, PartialEq, Eq)]
pub struct CallInstance {
    instance: String,
    access_token: String,
}

impl CallInstance {
    /// The instance of that name.
    pub fn new(instance: &str, access_token: &str) -> Self {
        CallInstance { instance: instance.to_owned(), access_token: access_token.to_owned() }
    }

    /// Its name.
    pub fn instance(&self) -> &str {
        &self.instance
    }

    /// What gives access to it.
    pub fn access_token(&self) -> &str {
        &self.access_token
    }
}

/// Without the token, which is a secret.
impl fmt::Debug for CallInstance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CallInstance")
            .field("instance", &self.instance)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::CallInstance;

    #[test]
    fn a_token_is_not_shown() {
        let shown = format!("{:?}", CallInstance::new("lobby/1", "hunter2"));
        assert!(shown.contains("lobby/1") && !shown.contains("hunter2"), "{shown}");
    }
}
