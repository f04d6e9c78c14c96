//! Text that comes from a guest, on its way to where people read it.

use std::{borrow::Cow, fmt};

/// How many characters of a name are shown.
const MAX_NAME_CHARS: usize = 200;

/// Writes characters that could change how a terminal shows a line as escapes.
pub(crate) fn visible(line: &str) -> Cow<'_, str> {
    if !line.contains(is_invisible) {
        return Cow::Borrowed(line);
    }
    let mut escaped = String::with_capacity(line.len() + 16);
    for character in line.chars() {
        if is_invisible(character) {
            escaped.extend(character.escape_default());
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}

fn is_invisible(character: char) -> bool {
    match character {
        '\t' => false,
        // Line and paragraph separators, and what reverses the direction of writing.
        '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => {
            true
        }
        _ => character.is_control(),
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_play_tricks_on_a_terminal_becomes_visible() {
        let line = "\u{1b}[2J\u{7}a\rb\nc\0 \u{9b}31m \u{202E}gnp.exe";
        let seen = r"\u{1b}[2J\u{7}a\rb\nc\u{0} \u{9b}31m \u{202e}gnp.exe";
        assert_eq!(visible(line), seen);
    }

    #[test]
    fn ordinary_text_stays_as_it_is() {
        let line = "tab\there, größer, नमस्ते, 👩\u{200D}👧, \"quoted\" \\ back";
        assert_eq!(visible(line), line);
    }

    #[test]
    fn long_names_are_cut_between_characters() {
        let fits = "ö".repeat(MAX_NAME_CHARS);
        assert_eq!(Name(&fits).to_string(), format!("`{fits}`"));
        let too_long = format!("{fits}ö");
        assert_eq!(Name(&too_long).to_string(), format!("`{fits}...`"));
    }
}
