use super::{RoomId, Rooms};
use crate::ServiceActorContext;
use jamsocket::{BuildError, ClientId, LogLevel, host::RoomEnd};
use std::error::Error;

/// Writes the log of one room: what its service says, under the target `jamsocket::room`, and what
/// becomes of it, under this crate's own. Every event has the room's id, and its service's name
/// where it has one.
#[derive(Debug, Clone, Copy)]
pub(super) struct RoomLog<'a> {
    service: Option<&'a str>,
    room: &'a str,
}

impl<'a> RoomLog<'a> {
    pub(super) fn new(rooms: &'a Rooms, id: &'a RoomId) -> Self {
        let service = Some(rooms.name.as_str()).filter(|name| !name.is_empty());
        Self { service, room: id.as_str() }
    }

    /// A line of the service's.
    pub(super) fn line(self, level: LogLevel, line: &str) {
        let Self { service, room } = self;
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
    }

    pub(super) fn started(self) {
        let Self { service, room } = self;
        tracing::debug!(service, ?room, "room started");
    }

    pub(super) fn ended(self, end: &RoomEnd) {
        let Self { service, room } = self;
        match end {
            RoomEnd::Failed { .. } => self.failure(&format!("room failed: {end}")),
            _ => tracing::debug!(service, ?room, "room ended: {end}"),
        }
    }

    pub(super) fn slow_client(self, client: ClientId) {
        let Self { service, room } = self;
        tracing::warn!(service, ?room, %client, "client is too slow");
    }

    /// Why a room could not be built, after what its service wrote as it was.
    pub(super) fn unbuilt(self, context: &ServiceActorContext, error: &BuildError) {
        for (level, line) in context.take_log() {
            self.line(level, &line);
        }
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            text.push_str(&format!(": {error}"));
            cause = error.source();
        }
        self.failure(&text);
    }

    /// One event for the first line, and one for each line of a guest's backtrace, so that each can
    /// be told whose it is.
    fn failure(self, text: &str) {
        let Self { service, room } = self;
        for line in text.lines() {
            tracing::error!(service, ?room, "{line}");
        }
    }
}
