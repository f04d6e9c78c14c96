use clap::ValueEnum;

/// What a new package starts from: an example of this repository, with its page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Template {
    /// A number that everyone in a room sees and changes
    Counter,
    /// A chat with names
    Chat,
    /// Live cursors and a shared drawing, in binary messages
    Cursors,
    /// Messages that come back to who sent them
    Echo,
}

/// The files of an example. In `templates` are links to them, so that each is written once and all
/// the same is in this crate's package.
macro_rules! files_of {
    ($example:literal) => {
        [
            ("src/lib.rs", include_str!(concat!("../../templates/", $example, "/src/lib.rs"))),
            (
                "static/index.html",
                include_str!(concat!("../../templates/", $example, "/static/index.html")),
            ),
            (
                "jamsocket.toml",
                include_str!(concat!("../../templates/", $example, "/jamsocket.toml")),
            ),
        ]
    };
}

impl Template {
    /// Its room, its page and its settings: paths in the package, and what is there.
    pub(super) fn files(self) -> [(&'static str, &'static str); 3] {
        match self {
            Template::Counter => files_of!("counter"),
            Template::Chat => files_of!("chat"),
            Template::Cursors => files_of!("cursors"),
            Template::Echo => files_of!("echo"),
        }
    }

    /// What it is, as the help has it.
    pub(super) fn about(self) -> String {
        let value = self.to_possible_value();
        let help = value.and_then(|value| Some(value.get_help()?.to_string()));
        help.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_a_room_with_a_test_and_a_page_that_talks_to_it() {
        for template in Template::value_variants() {
            let [(_, room), (_, page), (_, settings)] = template.files();
            // Where links were not followed there is a path in place of the file.
            assert!(room.starts_with("//! "), "{template:?}: {room}");
            assert!(room.contains("#[jamsocket_wasm]") && room.contains("TestRoom"), "{room}");
            assert!(page.starts_with("<!doctype html>") && page.contains("/ws/"), "{page}");
            assert!(settings.contains("static_files = \"static\""), "{settings}");
        }
    }

    #[test]
    fn none_names_a_place_in_this_repository_or_loads_anything_from_elsewhere() {
        for template in Template::value_variants() {
            let [(_, room), (_, page), _] = template.files();
            assert!(!room.contains("examples/"), "{room}");
            assert!(!page.contains("http://") && !page.contains("https://"), "{page}");
        }
    }

    #[test]
    fn each_says_what_it_is() {
        assert_eq!(Template::Chat.about(), "A chat with names");
        assert!(Template::value_variants().iter().all(|template| !template.about().is_empty()));
    }
}
