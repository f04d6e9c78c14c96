use crate::{console::Console, screen};
use anstyle::{AnsiColor, Style};
use jamsocket_server::ServerHandle;
use std::{
    fmt,
    io::{self, IsTerminal},
    time::{Duration, Instant},
};

const GOOD: Style = AnsiColor::Green.on_default();
const BUSY: Style = AnsiColor::Yellow.on_default();
const BAD: Style = AnsiColor::Red.on_default();

/// What has become of the last build.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum BuildStatus {
    /// It is under way.
    Building,
    /// It runs.
    Running {
        /// Since when.
        since: Instant,
        /// How long the build took.
        took: Duration,
    },
    /// It has failed.
    Failed,
    /// It has failed in a room.
    RolledBack,
}

/// The line at the bottom of a terminal: what is served, who is there, and the last build. Without a
/// terminal there is none. It is gone with the value.
#[derive(Debug)]
pub(super) struct StatusLine<'a> {
    url: String,
    server: &'a ServerHandle,
    build: Option<BuildStatus>,
    is_shown: bool,
}

impl<'a> StatusLine<'a> {
    /// A line about this server, which is at `url`.
    pub(super) fn new(url: String, server: &'a ServerHandle, console: Console) -> Self {
        let is_shown = io::stderr().is_terminal() && !console.is_quiet();
        Self { url, server, build: None, is_shown }
    }

    /// Notes what has become of the last build.
    pub(super) fn set(&mut self, build: BuildStatus) {
        self.build = Some(build);
    }

    /// Shows the line as it is now.
    pub(super) fn show(&self) {
        if !self.is_shown {
            return;
        }
        let usage = self.server.usage();
        let text = text(&self.url, usage.rooms, usage.clients, self.build);
        let style = match self.build {
            Some(BuildStatus::Building) => BUSY,
            Some(BuildStatus::Failed | BuildStatus::RolledBack) => BAD,
            Some(BuildStatus::Running { .. }) | None => GOOD,
        };
        let fitting: String = text.chars().take(width().saturating_sub(3)).collect();
        screen::show(format!("{style}●{style:#} {fitting}"));
    }
}

impl Drop for StatusLine<'_> {
    fn drop(&mut self) {
        if self.is_shown {
            screen::hide();
        }
    }
}

fn text(url: &str, rooms: usize, clients: usize, build: Option<BuildStatus>) -> String {
    let build = match build {
        None => String::new(),
        Some(BuildStatus::Building) => " · building".to_owned(),
        Some(BuildStatus::Failed) => " · the last build failed".to_owned(),
        Some(BuildStatus::RolledBack) => " · the last build was rolled back".to_owned(),
        Some(BuildStatus::Running { since, took }) => {
            let took = took.as_secs_f64();
            format!(" · built {} ago in {took:.1} s", Ago(since.elapsed()))
        }
    };
    let (rooms, clients) = (counted(rooms, "room"), counted(clients, "client"));
    format!("{url} · {rooms} · {clients}{build} · r rebuild · o playground · q quit")
}

fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// How long ago something was, in one unit.
struct Ago(Duration);

impl fmt::Display for Ago {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_secs() {
            seconds @ ..60 => write!(f, "{seconds} s"),
            seconds @ 60..3600 => write!(f, "{} min", seconds / 60),
            seconds => write!(f, "{} h", seconds / 3600),
        }
    }
}

#[cfg(unix)]
fn width() -> usize {
    rustix::termios::tcgetwinsize(io::stderr()).map_or(80, |size| size.ws_col.max(20).into())
}

#[cfg(not(unix))]
fn width() -> usize {
    80
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_counts_rooms_and_clients_as_one_would_say_it() {
        let line = text("http://localhost:8080", 1, 2, None);
        let keys = "r rebuild · o playground · q quit";
        assert_eq!(line, format!("http://localhost:8080 · 1 room · 2 clients · {keys}"));
        assert!(text("", 0, 1, None).contains("0 rooms · 1 client ·"));
    }

    #[test]
    fn the_line_says_what_has_become_of_the_last_build() {
        let said = |build| text("", 0, 0, Some(build));
        assert!(said(BuildStatus::Building).contains("· building ·"));
        assert!(said(BuildStatus::Failed).contains("· the last build failed ·"));
        let since = Instant::now();
        let running = said(BuildStatus::Running { since, took: Duration::from_millis(840) });
        assert!(running.contains("· built 0 s ago in 0.8 s ·"), "{running}");
    }

    #[test]
    fn how_long_ago_is_in_the_largest_unit_that_fits() {
        let ago = |seconds| Ago(Duration::from_secs(seconds)).to_string();
        assert_eq!([59, 60, 3_599, 3_600].map(ago), ["59 s", "1 min", "59 min", "1 h"]);
    }
}
