//! Text that comes from a guest, on its way to where people read it.

use jamsocket::host::visible;
use std::{borrow::Cow, fmt};

/// How many characters of a name are shown.
const MAX_NAME_CHARS: usize = 200;

/// Shows a name that a module has given to something: in backquotes, with nothing invisible in it,
/// and cut where it is very long.
pub(crate) struct Name<'a>(pub(crate) &'a str);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", cut(&visible(self.0)))
    }
}

/// As much of a text as is shown of one line.
pub(crate) fn cut(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(MAX_NAME_CHARS) {
        Some((end, _)) => Cow::Owned(format!("{}...", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

/// Shows a text of several lines with nothing else invisible in it.
pub(crate) fn visible_lines(text: &str) -> String {
    let lines: Vec<_> = text.trim_end().lines().map(visible).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_cut_between_characters() {
        let fits = "ö".repeat(MAX_NAME_CHARS);
        assert_eq!(Name(&fits).to_string(), format!("`{fits}`"));
        let too_long = format!("{fits}ö");
        assert_eq!(Name(&too_long).to_string(), format!("`{fits}...`"));
    }
}
