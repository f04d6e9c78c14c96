//! Whether a `jamsocket.toml` may have what it asks for.

use crate::{
    config::{Config, ConfigError, Risk},
    console::Console,
};
use clap::Args;
use std::collections::BTreeSet;

/// The flag that grants what a file asks for.
pub(crate) const FLAG: &str = "--trust-config";

/// Whether the file is trusted.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct TrustFlag {
    /// Grant what jamsocket.toml asks for beyond its folder and this machine without asking: paths outside
    /// of the folder, an admin address that other machines reach, and private addresses for guests
    #[arg(long)]
    trust_config: bool,
}

/// What may be taken from a file that is read again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Whatever it asks for.
    #[default]
    Everything,
    /// What it asked for at the start, and nothing more.
    Only(BTreeSet<Risk>),
}

impl TrustFlag {
    /// Asks on a terminal whether a file may have all that it asks for, if that is no matter of course.
    /// Risks that are not `used` do not count, as where a flag takes their place.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Untrusted`], where the answer is no or there is no terminal.
    pub(crate) fn ask(
        &self,
        config: &Config,
        used: impl Fn(&Risk) -> bool,
        console: Console,
    ) -> Result<Trust, ConfigError> {
        if self.trust_config {
            return Ok(Trust::Everything);
        }
        let asked: Vec<_> = config.risks.iter().filter(|risk| used(risk)).cloned().collect();
        let trust = Trust::Only(config.risks.iter().cloned().collect());
        if asked.is_empty() {
            return Ok(trust);
        }
        let untrusted = ConfigError::Untrusted { path: config.path.clone(), risks: asked };
        let question = format!("{untrusted}\nStart with that?");
        if console.confirm_risk(&question) { Ok(trust) } else { Err(untrusted) }
    }
}

impl Trust {
    /// Whether a file that was read again may have what it asks for now.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Untrusted`]: it asks for more than at the start.
    pub(crate) fn check(&self, config: Config) -> Result<Config, ConfigError> {
        let Self::Only(trusted) = self else { return Ok(config) };
        let is_new = |risk: &&Risk| !trusted.contains(*risk);
        let risks: Vec<_> = config.risks.iter().filter(is_new).cloned().collect();
        if risks.is_empty() {
            return Ok(config);
        }
        Err(ConfigError::Untrusted { path: config.path, risks })
    }
}
