use super::{
    RoomId, Rooms,
    failures::{TOO_MANY, WINDOW},
};
use crate::ServiceActorContext;
use jamsocket::{
    BuildError, ClientId, LogLevel,
    host::{RoomEnd, visible},
};
use std::{error::Error, fmt};
use tokio::time::Instant;

/// How many lines of a failure's text are written: enough for a guest's backtrace.
const MAX_FAILURE_LINES: usize = 64;

/// Writes the log of one room: what its service says, under the target `jamsocket::room`, and what
/// becomes of it, under this crate's own. Every event has the room's id, and its service's name
/// where it has one. No event has more than a line, nor anything that plays tricks on a terminal.
///
/// Where rooms of an id fail too often, the log says so and is silent about them for a while.
#[derive(Debug, Clone, Copy)]
pub(super) struct RoomLog<'a> {
    rooms: &'a Rooms,
    id: &'a RoomId,
    muted_until: Option<Instant>,
}

impl<'a> RoomLog<'a> {
    pub(super) fn new(rooms: &'a Rooms, id: &'a RoomId) -> Self {
        Self { rooms, id, muted_until: rooms.registry.muted_until(id) }
    }

    /// A line of the service's.
    pub(super) fn line(self, level: LogLevel, line: &str) {
        if self.is_muted() {
            return;
        }
        let (service, room) = self.names();
        let line = visible(line);
        macro_rules! write {
            ($level:ident) => {
                tracing::$level!(target: "jamsocket::room", service, ?room, "{line}")
            };
        }
        match level {
            LogLevel::Error => write!(error),
            LogLevel::Warn => write!(warn),
            LogLevel::Info => write!(info),
            LogLevel::Debug => write!(debug),
            LogLevel::Trace => write!(trace),
        }
        self.show(level, line);
    }

    pub(super) fn started(self) {
        let (service, room) = self.names();
        if !self.is_muted() {
            tracing::debug!(service, ?room, "room started");
        }
    }

    pub(super) fn ended(self, end: &RoomEnd) {
        let (service, room) = self.names();
        match end {
            RoomEnd::Failed { .. } => self.failure(&format!("room failed: {end}")),
            _ if self.is_muted() => {}
            _ => tracing::debug!(service, ?room, "room ended: {end}"),
        }
    }

    /// Why new code was taken back.
    pub(super) fn rolled_back(self, reason: &str) {
        self.failure(&format!("new code was rolled back: {reason}"));
    }

    pub(super) fn slow_client(self, client: ClientId) {
        let (service, room) = self.names();
        tracing::warn!(service, ?room, %client, "client is too slow");
        self.show(LogLevel::Warn, format_args!("client {client} is too slow"));
    }

    /// Why a room could not be built, after what its service wrote as it was.
    pub(super) fn unbuilt(self, context: &ServiceActorContext, error: &BuildError) {
        for (level, line) in context.take_log() {
            self.line(level, &line);
        }
        self.failure(&with_causes(error));
    }

    /// One event for the first line, and one for each line of a guest's backtrace, so that each can
    /// be told whose it is.
    fn failure(self, text: &str) {
        let Some(report) = self.rooms.registry.report(self.id) else { return };
        for line in text.lines().take(MAX_FAILURE_LINES) {
            self.error(&visible(line));
        }
        if report.unreported > 0 {
            self.error(&format!("it failed {} more times before, unreported", report.unreported));
        }
        if report.is_last {
            self.error(&format!(
                "it failed {TOO_MANY} times within {WINDOW:?}: until it fails less often, nothing more \
                 is written about it"
            ));
        }
    }

    fn error(self, line: &str) {
        let (service, room) = self.names();
        tracing::error!(service, ?room, "{line}");
        self.show(LogLevel::Error, line);
    }

    /// Has a line in the playground, where there is one.
    fn show(self, level: LogLevel, line: impl fmt::Display) {
        if let Some(playground) = &self.rooms.settings.playground {
            playground.log().push(self.rooms.label(), self.id, level, &line.to_string());
        }
    }

    /// Whether rooms of this id have failed too often lately.
    fn is_muted(self) -> bool {
        self.muted_until.is_some_and(|until| Instant::now() < until)
    }

    /// The service's name, where it has one, and the room's id.
    fn names(self) -> (Option<&'a str>, &'a str) {
        let service = Some(self.rooms.name.as_str()).filter(|name| !name.is_empty());
        (service, self.id.as_str())
    }
}

/// An error and what has caused it, in one text.
pub(super) fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests;
