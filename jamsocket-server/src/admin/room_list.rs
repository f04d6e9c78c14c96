use crate::rooms::{RoomId, RoomUsage, Rooms};
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};

/// How many rooms are listed where nobody says how many.
const DEFAULT_LIMIT: usize = 1_000;

/// Which rooms are to be listed: the query of `GET /rooms`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Selection {
    /// Those of this service alone.
    service: Option<String>,
    /// This many at most.
    limit: Option<usize>,
}

/// What `GET /rooms` answers.
#[derive(Debug, Serialize)]
pub(super) struct RoomList<'a> {
    /// How many rooms there are, whether or not they are listed.
    total: usize,
    /// By id, and where that is the same by service.
    rooms: Vec<Listed<'a>>,
}

#[derive(Debug, Serialize)]
struct Listed<'a> {
    id: String,
    service: &'a str,
    clients: usize,
    memory_bytes: usize,
    age_seconds: f64,
    idle_seconds: f64,
}

impl<'a> RoomList<'a> {
    /// The rooms of these services; `None` where none of them is the one that is asked for.
    pub(super) fn of(services: &'a [Arc<Rooms>], selection: &Selection) -> Option<Self> {
        let wanted = |rooms: &&Arc<Rooms>| {
            selection.service.as_ref().is_none_or(|service| service == rooms.label())
        };
        let services: Vec<_> = services.iter().filter(wanted).collect();
        if services.is_empty() {
            return None;
        }
        let of_service = |rooms: &'a Arc<Rooms>| {
            rooms.list().into_iter().map(|(id, usage)| (id, rooms.label(), usage))
        };
        let mut rooms: Vec<_> = services.into_iter().flat_map(of_service).collect();
        rooms.sort_unstable_by(|one, other| {
            (one.0.as_str(), one.1).cmp(&(other.0.as_str(), other.1))
        });
        let total = rooms.len();
        rooms.truncate(selection.limit.unwrap_or(DEFAULT_LIMIT));
        Some(Self { total, rooms: rooms.into_iter().map(Listed::from).collect() })
    }
}

impl<'a> From<(RoomId, &'a str, RoomUsage)> for Listed<'a> {
    fn from((id, service, usage): (RoomId, &'a str, RoomUsage)) -> Self {
        Self {
            id: id.to_string(),
            service,
            clients: usage.clients,
            memory_bytes: usage.memory_bytes,
            age_seconds: seconds(usage.age),
            idle_seconds: seconds(usage.idle),
        }
    }
}

/// In whole milliseconds.
fn seconds(time: Duration) -> f64 {
    time.as_millis() as f64 / 1e3
}
