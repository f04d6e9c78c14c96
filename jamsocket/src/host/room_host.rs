use super::{Callback, Message};
use crate::{ClientId, LogLevel, ServiceError};
use std::time::Duration;

/// What a room does, and the time that it is. The host implements it.
pub trait RoomHost<P> {
    /// The time since the room's creation. It never goes back.
    fn now(&mut self) -> Duration;

    /// A message goes to these clients of the room.
    fn deliver<'a>(
        &mut self,
        message: Message,
        recipients: impl Iterator<Item = (ClientId, &'a P)>,
    ) where
        P: 'a;

    /// The service has written a log line.
    fn log(&mut self, level: LogLevel, line: &str);

    /// The service has written so many log lines more than it may, and they are dropped. The default
    /// does not care.
    fn drop_logs(&mut self, lines: u64) {
        let _ = lines;
    }

    /// A callback is about to run. The default does not care.
    fn begin_call(&mut self, callback: Callback) {
        let _ = callback;
    }

    /// The callback that was about to run has come to its end, well or not; nothing of what it sent
    /// has been delivered yet. The default does not care.
    fn end_call(&mut self, callback: Callback) {
        let _ = callback;
    }

    /// A service that was on trial has failed, and the room goes on with the one before it. The
    /// default does not care.
    fn roll_back(&mut self, callback: Callback, error: ServiceError) {
        let _ = (callback, error);
    }

    /// A client is no longer in the room. Nothing is delivered to it from here on.
    fn depart(&mut self, client: ClientId, member: P, departure: Departure);
}

/// Why a client is no longer in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Departure {
    /// It left.
    Left,
    /// The host stopped the room.
    Stopped,
    /// The room's service failed.
    Failed,
    /// It wanted to join when the room was over already; another room may take it.
    Missed,
}
