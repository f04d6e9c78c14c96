use super::{Risk, Span, excerpt::Excerpt};
use crate::trust;
use std::{
    borrow::Cow,
    fmt, io,
    path::{Path, PathBuf},
};
use thiserror::Error;

/// Why `jamsocket.toml` could not be used.
#[derive(Debug, Error)]
pub(crate) enum ConfigError {
    /// The file cannot be opened or is not text.
    #[error("cannot read {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    /// The file says something that it cannot say, here.
    #[error("{place}: {message}\n{excerpt}")]
    Invalid { place: Place, message: String, excerpt: Box<Excerpt> },
    /// The file asks for what only the operator can grant.
    #[error("{} asks for what a file does not get by itself:{}", path.display(), Listed(risks))]
    Untrusted { path: PathBuf, risks: Vec<Risk> },
}

/// One risk a line.
struct Listed<'a>(&'a [Risk]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|risk| write!(f, "\n  - {risk}"))
    }
}

impl ConfigError {
    /// What to do about it.
    pub(crate) fn help(&self) -> Option<String> {
        match self {
            ConfigError::Untrusted { .. } => {
                Some(format!("read the file, and grant that with {}", trust::FLAG))
            }
            _ => None,
        }
    }

    /// The error of the parser, in TOML's words: what Rust calls a field is a key here.
    pub(super) fn syntax(path: &Path, text: &str, refused: &toml::de::Error) -> Self {
        let message = without_value(refused.message())
            .replacen("unknown field", "unknown key", 1)
            .replacen("missing field", "missing key", 1);
        Self::invalid(path, text, refused.span().unwrap_or(0..0), message)
    }

    /// An error about the stretch `span` of `text`.
    pub(super) fn invalid(path: &Path, text: &str, span: Span, message: String) -> Self {
        let place = Place::of(path, text, span.clone());
        let excerpt = Box::new(Excerpt::of(text, span));
        Self::Invalid { place, message, excerpt }
    }
}

/// A place in a file, shown as `path:line:column`, both counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    path: PathBuf,
    line: usize,
    column: usize,
}

impl Place {
    /// Where `span` begins, the column counted in characters.
    pub(super) fn of(path: &Path, text: &str, span: Span) -> Self {
        let before = text.get(..span.start).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            path: path.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }

    /// The folder of the file.
    pub(crate) fn folder(&self) -> &Path {
        match self.path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.path.display(), self.line, self.column)
    }
}

/// A message of the parser without the value that it quotes, which may be a secret: `invalid type: integer
/// `300`, expected a string`.
fn without_value(message: &str) -> Cow<'_, str> {
    let Some((kind, rest)) =
        message.split_once(": ").filter(|(kind, _)| kind.starts_with("invalid "))
    else {
        return Cow::Borrowed(message);
    };
    match (rest.find(['`', '"']), rest.rfind(", expected")) {
        (Some(quote), Some(expected)) if quote < expected => {
            let (found, expected) = (rest[..quote].trim_end(), &rest[expected..]);
            Cow::Owned(format!("{kind}: {found}{expected}"))
        }
        _ => Cow::Borrowed(message),
    }
}

#[cfg(test)]
mod tests {
    use super::without_value;

    #[test]
    fn a_message_keeps_what_was_expected_and_not_the_value() {
        for (message, expected) in [
            ("invalid type: integer `300`, expected a string", "integer, expected a string"),
            (
                "invalid type: string \"a, expected b\", expected a table",
                "string, expected a table",
            ),
            ("invalid type: map, expected a string", "map, expected a string"),
        ] {
            assert_eq!(without_value(message), format!("invalid type: {expected}"));
        }
        let other = "unknown field `pakage`, expected one of `package`, `bus`";
        assert_eq!(without_value(other), other);
    }
}
