use super::Span;
use std::{
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
}

impl ConfigError {
    /// The error of the parser, in TOML's words: what Rust calls a field is a key here.
    pub(super) fn syntax(path: &Path, text: &str, refused: &toml::de::Error) -> Self {
        let message = refused.message().replacen("unknown field", "unknown key", 1).replacen(
            "missing field",
            "missing key",
            1,
        );
        Self::invalid(path, text, refused.span().unwrap_or(0..0), message)
    }

    /// An error about the stretch `span` of `text`.
    pub(super) fn invalid(path: &Path, text: &str, span: Span, message: String) -> Self {
        let place = Place::of(path, text, span.clone());
        let excerpt = Box::new(Excerpt::of(&place, text, span));
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

/// A line of a file with a part of it marked below.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Excerpt {
    line_number: usize,
    line: String,
    /// Blank where the line is before the mark, keeping its tabs, so that both come out level.
    indent: String,
    width: usize,
}

impl Excerpt {
    fn of(place: &Place, text: &str, span: Span) -> Self {
        let line = text.lines().nth(place.line - 1).unwrap_or_default();
        let indent = line.chars().take(place.column - 1);
        let marked = text.get(span).unwrap_or_default();
        let marked = marked.lines().next().unwrap_or_default().chars().count();
        Self {
            line_number: place.line,
            line: line.to_owned(),
            indent: indent.map(|c| if c == '\t' { '\t' } else { ' ' }).collect(),
            width: marked.max(1),
        }
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line_number, line, indent, width } = self;
        let margin = line_number.to_string().len();
        writeln!(f, "  {line_number} | {line}")?;
        write!(f, "  {:margin$} | {indent}{:^<width$}", "", "")
    }
}
