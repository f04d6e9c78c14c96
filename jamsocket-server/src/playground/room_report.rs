use super::build_state::millis;
use crate::rooms::{RoomId, RoomUsage, Rooms};
use serde::Serialize;
use std::{sync::Arc, time::Duration};

/// How many rooms a page is told of: those in which something happened last.
const MAX_ROOMS: usize = 200;

/// The rooms as a page is told of them. It makes rates of the differences between two reports.
#[derive(Debug, Serialize)]
pub(super) struct RoomReport<'a> {
    /// When they were like this, in milliseconds of the server's life.
    at_ms: u64,
    /// How many there are, whether or not they are listed.
    total: usize,
    /// By service and id.
    rooms: Vec<Listed<'a>>,
}

#[derive(Debug, Serialize)]
struct Listed<'a> {
    service: &'a str,
    id: String,
    clients: usize,
    memory_bytes: usize,
    messages: u64,
    callbacks: u64,
    busy_ns: u64,
    age_ms: u64,
}

impl<'a> RoomReport<'a> {
    /// The rooms of these services, in a server that has lived for so long.
    pub(super) fn of(services: &'a [Arc<Rooms>], age: Duration) -> Self {
        let of_service = |rooms: &'a Arc<Rooms>| {
            rooms.list().into_iter().map(|(id, usage)| (rooms.label(), id, usage))
        };
        Self::new(services.iter().flat_map(of_service).collect(), age)
    }

    fn new(mut rooms: Vec<(&'a str, RoomId, RoomUsage)>, age: Duration) -> Self {
        let total = rooms.len();
        if total > MAX_ROOMS {
            rooms.select_nth_unstable_by_key(MAX_ROOMS, |(_, _, usage)| usage.idle);
            rooms.truncate(MAX_ROOMS);
        }
        rooms.sort_unstable_by(|one, other| {
            (one.0, one.1.as_str()).cmp(&(other.0, other.1.as_str()))
        });
        Self { at_ms: millis(age), total, rooms: rooms.into_iter().map(Listed::from).collect() }
    }
}

impl<'a> From<(&'a str, RoomId, RoomUsage)> for Listed<'a> {
    fn from((service, id, usage): (&'a str, RoomId, RoomUsage)) -> Self {
        Self {
            service,
            id: id.to_string(),
            clients: usage.clients,
            memory_bytes: usage.memory_bytes,
            messages: usage.work.messages,
            callbacks: usage.work.callbacks,
            busy_ns: usage.work.busy_nanos,
            age_ms: millis(usage.age),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rooms::RoomWork;

    /// A room in which nothing has happened for so many seconds.
    fn room(service: &str, id: usize, idle: u64) -> (&str, RoomId, RoomUsage) {
        let usage = RoomUsage {
            clients: 2,
            memory_bytes: 3,
            work: RoomWork { messages: 4, callbacks: 5, busy_nanos: 6 },
            age: Duration::from_secs(1_000),
            idle: Duration::from_secs(idle),
        };
        (service, RoomId::generated(format!("{id:04}")), usage)
    }

    #[test]
    fn a_room_is_told_with_what_it_has_done_so_far() {
        let report = RoomReport::new(vec![room("/", 1, 0)], Duration::from_secs(7));
        let expected = r#"{"at_ms":7000,"total":1,"rooms":[{"service":"/","id":"0001","clients":2,"memory_bytes":3,"messages":4,"callbacks":5,"busy_ns":6,"age_ms":1000000}]}"#;
        assert_eq!(serde_json::to_string(&report).unwrap(), expected);
    }

    #[test]
    fn rooms_are_listed_by_service_and_id() {
        let rooms = vec![room("b", 1, 0), room("a", 2, 0), room("a", 1, 9)];
        let report = RoomReport::new(rooms, Duration::ZERO);
        let listed: Vec<_> = report.rooms.iter().map(|r| (r.service, r.id.as_str())).collect();
        assert_eq!(listed, [("a", "0001"), ("a", "0002"), ("b", "0001")]);
    }

    #[test]
    fn of_more_than_200_rooms_the_last_that_were_active_are_listed() {
        for (rooms, listed) in [(MAX_ROOMS, MAX_ROOMS), (MAX_ROOMS + 1, MAX_ROOMS)] {
            // The first is idle the longest.
            let all = (0..rooms).map(|n| room("/", n, (rooms - n) as u64)).collect();
            let report = RoomReport::new(all, Duration::ZERO);
            assert_eq!((report.total, report.rooms.len()), (rooms, listed));
            assert_eq!(report.rooms[0].id, format!("{:04}", rooms - listed));
        }
    }
}
