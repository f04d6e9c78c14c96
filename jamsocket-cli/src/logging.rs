use crate::screen;
use anstream::{AutoStream, ColorChoice};
use clap::{ArgAction, Args};
use std::{env, io};
use tracing_subscriber::EnvFilter;

/// Warnings, and whatever rooms write to their logs. What HTTP says there is about requests that make no
/// sense to it, and a stranger's to fill the log with.
const DEFAULT_FILTER: &str = "warn,jamsocket::room=trace,actix_http=off";

/// How much is said on stderr.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Verbosity {
    /// Say more: -v what the server does, -vv every step
    #[arg(short, long, global = true, action = ArgAction::Count)]
    verbose: u8,
    /// Say nothing but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
}

impl Verbosity {
    pub(crate) fn is_quiet(self) -> bool {
        self.quiet
    }

    /// Sends log lines to stderr: those that the variable `RUST_LOG` asks for, or else those of
    /// this verbosity.
    pub(crate) fn start_logging(self) {
        let filter = match env::var(EnvFilter::DEFAULT_ENV) {
            Ok(wanted) if !wanted.is_empty() => EnvFilter::builder().parse_lossy(wanted),
            _ => self.filter(),
        };
        let colours = AutoStream::choice(&io::stderr()) != ColorChoice::Never;
        let started = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(|| screen::Stderr)
            .with_ansi(colours)
            .with_target(self.verbose > 0)
            .try_init();
        if started.is_err() {
            tracing::debug!("this process has a log already");
        }
    }

    /// Names of targets are prefixes, so that `jamsocket` means all of our crates.
    fn filter(self) -> EnvFilter {
        EnvFilter::new(match (self.quiet, self.verbose) {
            (true, _) => "error",
            (false, 0) => DEFAULT_FILTER,
            (false, 1) => "info,jamsocket=debug",
            (false, _) => "debug,jamsocket=trace",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(quiet: bool, verbose: u8) -> String {
        Verbosity { verbose, quiet }.filter().to_string()
    }

    #[test]
    fn by_default_warnings_and_the_rooms_own_lines_are_shown() {
        let filter = filter(false, 0);
        assert!(filter.contains("jamsocket::room=trace") && filter.contains("warn"), "{filter}");
    }

    #[test]
    fn verbose_is_about_our_own_crates_first() {
        assert!(filter(false, 1).contains("jamsocket=debug"));
        for verbose in [2, 3, 255] {
            assert!(filter(false, verbose).contains("jamsocket=trace"));
        }
    }

    #[test]
    fn quiet_shows_errors_alone() {
        assert_eq!(filter(true, 0), "error");
    }
}
