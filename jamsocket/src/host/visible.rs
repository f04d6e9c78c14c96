use std::borrow::Cow;

/// Writes characters that could change how a terminal shows a line, or make it two lines, as escapes.
///
/// What comes from a client or a guest passes through here before it is logged. A tab stays, and so
/// does what has been escaped already.
///
/// ```
/// assert_eq!(jamsocket::host::visible("\u{1b}[2Jgone\nERROR"), r"\u{1b}[2Jgone\nERROR");
/// ```
pub fn visible(line: &str) -> Cow<'_, str> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_play_tricks_on_a_terminal_becomes_visible() {
        let line = "\u{1b}[2J\u{7}a\rb\nc\0 \u{9b}31m \u{202E}gnp.exe";
        let seen = r"\u{1b}[2J\u{7}a\rb\nc\u{0} \u{9b}31m \u{202e}gnp.exe";
        assert_eq!(visible(line), seen);
        assert_eq!(visible(seen), seen);
    }

    #[test]
    fn ordinary_text_stays_as_it_is() {
        let line = "tab\there, größer, नमस्ते, 👩\u{200D}👧, \"quoted\" \\ back";
        assert_eq!(visible(line), line);
    }
}
