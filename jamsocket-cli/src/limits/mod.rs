//! Every limit that can be set, whichever part it is of.

mod flags;

pub(crate) use flags::LimitFlags;

use jamsocket::host::{Bound, BoundError};
use jamsocket_server::Limits;
use jamsocket_wasm_host::GuestLimits;

/// What clients, rooms and guests may use.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct AllLimits {
    pub(crate) server: Limits,
    pub(crate) guests: GuestLimits,
}

/// A limit with its name: a key of `[limits]`, and with dashes a flag. It may be in both sets, and
/// then has one value in them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NamedLimit {
    pub(crate) name: &'static str,
    pub(crate) help: &'static str,
    server: Option<&'static Bound<Limits>>,
    guests: Option<&'static Bound<GuestLimits>>,
}

impl NamedLimit {
    /// Each limit once, the server's first.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let servers = Limits::BOUNDS.iter().map(|bound| Self {
            name: bound.name,
            help: bound.help,
            server: Some(bound),
            guests: GuestLimits::BOUNDS.iter().find(|guests| guests.name == bound.name),
        });
        let is_new = |bound: &&Bound<GuestLimits>| {
            Limits::BOUNDS.iter().all(|server| server.name != bound.name)
        };
        let guests = GuestLimits::BOUNDS.iter().filter(is_new).map(|bound| Self {
            name: bound.name,
            help: bound.help,
            server: None,
            guests: Some(bound),
        });
        servers.chain(guests)
    }

    /// The limit of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::all().find(|limit| limit.name == name)
    }

    /// Its value in `limits`, as [`set`](Self::set) takes it.
    pub(crate) fn text(self, limits: &AllLimits) -> String {
        let server = self.server.map(|bound| bound.text(&limits.server));
        let guests = self.guests.map(|bound| bound.text(&limits.guests));
        server.or(guests).unwrap_or_default()
    }

    /// Sets its value in `limits`.
    ///
    /// # Errors
    ///
    /// The text is no value of this limit.
    pub(crate) fn set(self, limits: &mut AllLimits, text: &str) -> Result<(), BoundError> {
        if let Some(bound) = self.server {
            bound.set(&mut limits.server, text)?;
        }
        if let Some(bound) = self.guests {
            bound.set(&mut limits.guests, text)?;
        }
        Ok(())
    }

    /// Gives `to` the value that `from` has.
    fn copy(self, from: &AllLimits, to: &mut AllLimits) {
        if let Some(bound) = self.server {
            bound.copy(&from.server, &mut to.server);
        }
        if let Some(bound) = self.guests {
            bound.copy(&from.guests, &mut to.guests);
        }
    }
}

#[cfg(test)]
mod tests;
