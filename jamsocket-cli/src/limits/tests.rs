use super::*;
use std::{collections::HashSet, fs, path::Path};

/// Limits whose defaults the machine decides, and how the document calls those.
const COMPUTED: [(&str, &str); 1] = [("total_memory_bytes", "half of the machine's memory")];

/// The rows of the first table of `docs/LIMITS.md`, without its heading.
fn documented() -> Vec<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/LIMITS.md");
    let text = fs::read_to_string(path).unwrap();
    let table = text.lines().skip_while(|line| !line.starts_with('|'));
    let rows = table.take_while(|line| line.starts_with('|')).skip(2);
    let cells = |row: &str| {
        let cells = row.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().to_owned()).collect()
    };
    rows.map(cells).collect()
}

#[test]
fn the_document_has_every_limit_with_its_default_in_the_order_of_the_definitions() {
    let defaults = AllLimits::default();
    let expected = NamedLimit::all().map(|limit| {
        let computed = COMPUTED.iter().find(|(name, _)| *name == limit.name);
        let default = computed.map_or_else(|| limit.text(&defaults), |(_, text)| (*text).into());
        (format!("`{}`", limit.name), default)
    });
    let rows = documented();
    let found = rows.iter().map(|row| (row[0].clone(), row[1].clone()));
    assert_eq!(found.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    for row in rows {
        assert!(row.len() == 3 && row[2].ends_with('.'), "{row:?}");
    }
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
