use std::{
    path::{Path, PathBuf},
    str::FromStr,
};
use thiserror::Error;

/// Rust's keywords, in use or kept for later: no crate is called by one.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl",
    "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref",
    "return", "self", "Self", "static", "struct", "super", "trait", "true", "try", "type",
    "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Crates that come with Rust, as code writes them.
const OF_RUST: &[&str] = &["alloc", "core", "proc_macro", "std", "test"];

/// Crates that a new package depends on.
const OF_JAMSOCKET: &[&str] = &["jamsocket", "jamsocket_wasm", "jamsocket_wasm_macro"];

/// Where a new package goes: a folder, whose last part is the package's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Destination {
    folder: PathBuf,
    name: String,
}

impl Destination {
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

impl FromStr for Destination {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let folder = PathBuf::from(text);
        let name = folder.file_name().and_then(|name| name.to_str()).ok_or(NameError::Missing)?;
        check(name)?;
        Ok(Self { name: name.to_owned(), folder })
    }
}

/// Whether cargo takes a package of this name, and the package its dependencies.
fn check(name: &str) -> Result<(), NameError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) || !name.chars().all(allowed) {
        return Err(NameError::Characters { name: name.to_owned() });
    }
    if KEYWORDS.contains(&name) {
        return Err(NameError::Keyword { name: name.to_owned() });
    }
    let krate = name.replace('-', "_");
    if OF_RUST.iter().chain(OF_JAMSOCKET).any(|taken| *taken == krate) {
        return Err(NameError::Taken { name: name.to_owned() });
    }
    Ok(())
}

/// Why a package cannot be called so.
#[derive(Debug, PartialEq, Eq, Error)]
pub(crate) enum NameError {
    /// The path has no last part.
    #[error("the path ends in no name: write my-room, or path/to/my-room")]
    Missing,
    /// It has other characters than cargo takes, or begins with a digit.
    #[error(
        "`{name}` is no name for a package: it begins with a letter, A to Z or a to z, and goes on \
         with letters, digits, `-` and `_`"
    )]
    Characters { name: String },
    /// Code could not name the crate.
    #[error("`{name}` is no name for a package, as it is a keyword of Rust: write my-{name}")]
    Keyword { name: String },
    /// Code would mean another crate by it.
    #[error("`{name}` is no name for a package that uses the crate of that name: write my-{name}")]
    Taken { name: String },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Result<String, NameError> {
        text.parse().map(|destination: Destination| destination.name)
    }

    #[test]
    fn the_last_part_of_the_path_is_the_name() {
        for (text, expected) in [
            ("room", "room"),
            ("rooms/my-room/", "my-room"),
            ("../my_room2", "my_room2"),
            ("/srv/my rooms/R", "R"),
        ] {
            let destination: Destination = text.parse().unwrap();
            assert_eq!((destination.name(), destination.folder()), (expected, Path::new(text)));
        }
    }

    #[test]
    fn a_path_without_a_last_part_has_no_name() {
        for text in ["", "/", ".", "..", "rooms/.."] {
            assert_eq!(name(text), Err(NameError::Missing), "{text:?}");
        }
    }

    #[test]
    fn a_name_has_letters_digits_and_lines_and_begins_with_a_letter() {
        for text in ["1room", "-room", "_room", "my room", "räume", "room!", "room.rs", "a=b"] {
            assert_eq!(name(text), Err(NameError::Characters { name: text.into() }));
        }
        assert_eq!(name("r1-_").as_deref(), Ok("r1-_"));
    }

    #[test]
    fn a_keyword_is_no_name_and_a_word_with_one_in_it_is() {
        for text in ["match", "gen", "self", "Self"] {
            assert_eq!(name(text), Err(NameError::Keyword { name: text.into() }));
        }
        for text in ["matches", "my-match", "Match"] {
            assert_eq!(name(text).as_deref(), Ok(text));
        }
    }

    #[test]
    fn a_crate_that_the_package_uses_is_no_name_however_it_is_written() {
        for text in ["test", "std", "proc-macro", "jamsocket", "jamsocket-wasm", "jamsocket_wasm"] {
            assert_eq!(name(text), Err(NameError::Taken { name: text.into() }));
        }
        for text in ["tests", "jamsocket-room"] {
            assert_eq!(name(text).as_deref(), Ok(text));
        }
    }
}
