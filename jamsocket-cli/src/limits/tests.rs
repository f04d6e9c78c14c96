use super::*;
use jamsocket::{JamsocketContext, SimpleJamsocketService, SimpleJamsocketServiceFactory};
use jamsocket_server::{Server, ServiceActorContext};
use std::{
    collections::HashSet,
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::Path,
};

/// Limits whose defaults the machine decides, and how the document calls those.
const COMPUTED: [(&str, &str); 1] = [("total_memory_bytes", "half of the process's memory")];

/// The rows of the tables of `docs/LIMITS.md`, without their headings.
fn documented() -> Vec<Vec<Vec<String>>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/LIMITS.md");
    let text = fs::read_to_string(path).unwrap();
    let lines: Vec<_> = text.lines().collect();
    let tables = lines.split(|line| !line.starts_with('|')).filter(|table| !table.is_empty());
    let cells = |row: &&str| {
        let cells = row.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().to_owned()).collect()
    };
    tables.map(|table| table[2..].iter().map(cells).collect()).collect()
}

#[test]
fn the_document_has_every_limit_with_its_default_in_the_order_of_the_definitions() {
    let defaults = AllLimits::default();
    let expected = NamedLimit::all().map(|limit| {
        let computed = COMPUTED.iter().find(|(name, _)| *name == limit.name);
        let default = computed.map_or_else(|| limit.text(&defaults), |(_, text)| (*text).into());
        (format!("`{}`", limit.name), default)
    });
    let rows = &documented()[0];
    let found = rows.iter().map(|row| (row[0].clone(), row[1].clone()));
    assert_eq!(found.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
}

#[test]
fn the_document_says_of_each_bound_what_happens_and_what_counts_it() {
    let metrics = exported_metrics();
    for row in documented().concat() {
        let [_, _, happens, counted] = &row[..] else { panic!("{row:?}") };
        assert!(happens.ends_with('.'), "{row:?}");
        if counted == "-" {
            continue;
        }
        for counter in counted.split(", ") {
            let counter = counter.strip_prefix('`').and_then(|code| code.strip_suffix('`'));
            let (name, labels) =
                counter.unwrap().split_once('{').unwrap_or((counter.unwrap(), "}"));
            let labels: Vec<_> = labels.trim_end_matches('}').split(',').collect();
            let is_it = |line: &&str| {
                line.starts_with(&format!("{name}{{")) && labels.iter().all(|l| line.contains(l))
            };
            let found = metrics.lines().filter(is_it).count();
            // One for the one service.
            assert_eq!(found, 1, "{counter:?} in:\n{metrics}");
        }
    }
}

/// What a server with one service tells of itself.
fn exported_metrics() -> String {
    struct Idle;

    impl SimpleJamsocketService for Idle {
        fn new(_: &str, _: &impl JamsocketContext) -> Self {
            Idle
        }
    }

    let factory = SimpleJamsocketServiceFactory::<Idle, ServiceActorContext>::default();
    let server = Server::new().with_port(0).with_workers(1).with_admin(0).start(factory).unwrap();
    let mut socket = TcpStream::connect(server.admin_addrs()[0]).unwrap();
    let request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    socket.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    answer
}

#[test]
fn each_limit_is_there_once_and_has_one_default() {
    let names: Vec<_> = NamedLimit::all().map(|limit| limit.name).collect();
    assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
    let every = Limits::BOUNDS.iter().map(|bound| bound.name);
    for name in every.chain(GuestLimits::BOUNDS.iter().map(|bound| bound.name)) {
        assert!(names.contains(&name), "{name}");
    }
    let defaults = AllLimits::default();
    for limit in NamedLimit::all() {
        if let (Some(server), Some(guests)) = (limit.server, limit.guests) {
            let (server, guests) = (server.text(&defaults.server), guests.text(&defaults.guests));
            assert_eq!(server, guests, "{}", limit.name);
        }
    }
}

#[test]
fn a_limit_of_both_sets_is_set_in_both() {
    let mut limits = AllLimits::default();
    NamedLimit::named("max_rooms").unwrap().set(&mut limits, "7").unwrap();
    assert_eq!((limits.server.max_rooms, limits.guests.max_rooms), (7, 7));
    assert!(NamedLimit::named("max-rooms").is_none());
}
