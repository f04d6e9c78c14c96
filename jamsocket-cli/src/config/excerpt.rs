use super::Span;
use std::{fmt, ops::Range};
use toml_parser::{
    Source,
    lexer::{Token, TokenKind},
};

/// What stands for a value.
const HIDDEN: char = '…';

/// A line of a TOML file with a part of it marked below.
///
/// The keys are shown, and the values and comments are not: any of them may be a secret, and excerpts end up
/// in logs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Excerpt {
    line_number: usize,
    line: String,
    /// Blank where the line is before the mark, keeping its tabs, so that both come out level.
    indent: String,
    width: usize,
}

impl Excerpt {
    /// The line in which `span` begins, with the part of `span` in it marked.
    pub(super) fn of(text: &str, span: Span) -> Self {
        let begin = floor(text, span.start);
        let line_begin = text[..begin].rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = text[begin..].find(['\r', '\n']).map_or(text.len(), |end| begin + end);
        let end = floor(text, span.end).clamp(begin, line_end.max(begin));
        let hidden = hidden(text);
        let shown = |range: Range<usize>| show(text, range, &hidden);
        let (before, marked) = (shown(line_begin..begin), shown(line_begin..end));
        let width = marked.chars().count().saturating_sub(before.chars().count());
        Self {
            line_number: text[..begin].matches('\n').count() + 1,
            line: shown(line_begin..line_end),
            indent: before.chars().map(|c| if c == '\t' { '\t' } else { ' ' }).collect(),
            width: width.max(1),
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

/// The end of the text, or of the last character before `at`.
fn floor(text: &str, at: usize) -> usize {
    text.floor_char_boundary(at)
}

/// This part of the text, with one sign for each stretch that is hidden.
fn show(text: &str, range: Range<usize>, hidden: &[Range<usize>]) -> String {
    let mut shown = String::new();
    let mut at = range.start;
    for hidden in hidden.iter().filter(|hidden| hidden.end > range.start) {
        if hidden.start >= range.end {
            break;
        }
        shown.push_str(text.get(at..hidden.start).unwrap_or_default());
        shown.push(HIDDEN);
        at = hidden.end;
    }
    shown.push_str(text.get(at..range.end).unwrap_or_default());
    shown
}

/// What is not shown of a text, which need not be correct TOML: all but keys, punctuation and quotes.
fn hidden(text: &str) -> Vec<Range<usize>> {
    let tokens = Source::new(text).lex().into_vec();
    let mut hidden: Vec<Range<usize>> = Vec::new();
    let mut place = Place::start();
    for (index, token) in tokens.iter().enumerate() {
        let is_shown = match token.kind() {
            TokenKind::Comment => false,
            TokenKind::Dot | TokenKind::Atom => place.has_key(&tokens[index..]),
            TokenKind::LiteralString | TokenKind::BasicString => place.has_key(&tokens[index..]),
            TokenKind::MlLiteralString | TokenKind::MlBasicString => false,
            _ => true,
        };
        place.pass(token.kind());
        if is_shown {
            continue;
        }
        let range = inside(text, token);
        match hidden.last_mut() {
            // `1.5` is three tokens.
            Some(last) if last.end == range.start => last.end = range.end,
            _ => hidden.push(range),
        }
    }
    hidden
}

/// A token without its quotes.
fn inside(text: &str, token: &Token) -> Range<usize> {
    let (start, end) = (token.span().start(), token.span().end());
    let quote = match token.kind() {
        TokenKind::LiteralString => '\'',
        TokenKind::BasicString => '"',
        _ => return start..end,
    };
    let is_closed = end > start + 1 && text[..end].ends_with(quote);
    start + 1..if is_closed { end - 1 } else { end.max(start + 1) }
}

/// Where in a file a token is.
struct Place {
    /// What surrounds it.
    brackets: Vec<TokenKind>,
    /// Whether the statement is the name of a table.
    in_header: bool,
    /// Whether nothing of the statement has come yet.
    at_start: bool,
    /// Whether a value may come, rather than a key.
    in_value: bool,
}

impl Place {
    fn start() -> Self {
        Self { brackets: Vec::new(), in_header: false, at_start: true, in_value: false }
    }

    /// Whether a key begins, or goes on, with the first of these tokens.
    fn has_key(&self, tokens: &[Token]) -> bool {
        if self.in_header {
            return true;
        }
        let is_part = |kind| {
            matches!(
                kind,
                TokenKind::Whitespace
                    | TokenKind::Dot
                    | TokenKind::Atom
                    | TokenKind::LiteralString
                    | TokenKind::BasicString
            )
        };
        let after = tokens.iter().map(Token::kind).find(|kind| !is_part(*kind));
        !self.in_value && after == Some(TokenKind::Equals)
    }

    fn pass(&mut self, kind: TokenKind) {
        match kind {
            TokenKind::Whitespace | TokenKind::Comment => return,
            TokenKind::Newline if self.brackets.is_empty() => return *self = Self::start(),
            TokenKind::Newline => return,
            TokenKind::Equals => self.in_value = true,
            TokenKind::LeftSquareBracket if self.at_start => self.in_header = true,
            TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket if !self.in_header => {
                self.brackets.push(kind);
                self.in_value = kind == TokenKind::LeftSquareBracket;
            }
            TokenKind::RightSquareBracket | TokenKind::RightCurlyBracket => {
                self.brackets.pop();
                self.in_value = true;
            }
            TokenKind::Comma => {
                self.in_value = self.brackets.last() != Some(&TokenKind::LeftCurlyBracket);
            }
            _ => {}
        }
        self.at_start = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text as excerpts show it.
    fn shown(text: &str) -> String {
        show(text, 0..text.len(), &hidden(text))
    }

    #[test]
    fn keys_are_shown_and_values_are_not() {
        for (text, expected) in [
            ("access_token = \"hunter2\"", "access_token = \"…\""),
            ("access_token = 'hunter2' # hunter2", "access_token = '…' …"),
            ("access_token = hunter2", "access_token = …"),
            ("access_token = hunter=2.5", "access_token = …=…"),
            ("access_token = \"hunter2", "access_token = \"…"),
            ("access_token = \"", "access_token = \""),
            ("a.\"b c\" = 1.5\nd = true", "a.\"b c\" = …\nd = …"),
            ("[services.chat]\n[[x.'y']]\nz = 1", "[services.chat]\n[[x.'y']]\nz = …"),
            ("net = [\n  'a', # b\n  'c',\n]\nd = 'e'", "net = [\n  '…', …\n  '…',\n]\nd = '…'"),
            (
                "t = { a = 'x', b.c = { d = 1 }, e = [{ f = 2 }] }\ng = 3",
                "t = { a = '…', b.c = { d = … }, e = [{ f = … }] }\ng = …",
            ),
            ("a = \"\"\"\nhunter2\n\"\"\"\nb = 1", "a = …\nb = …"),
            ("a = '''\nhunter2", "a = …"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_neither_here_nor_there_is_hidden() {
        for text in
            ["access_token: \"hunter2\"", "access_token =\nhunter2", "{a = 1, hunter2", "hunter2"]
        {
            assert!(!shown(text).contains("hunter2"), "{}", shown(text));
        }
    }

    #[test]
    fn the_mark_is_below_what_it_marks() {
        let text = "[a]\n\tb = { c = 'hunter2', d = 'ü' }\n";
        let marked = |part: &str| {
            let start = text.find(part).unwrap();
            Excerpt::of(text, start..start + part.len()).to_string()
        };
        let line = "  2 | \tb = { c = '…', d = '…' }\n    | \t";
        assert_eq!(marked("'hunter2'"), format!("{line}          ^^^"));
        assert_eq!(marked("d ="), format!("{line}               ^^^"));
        assert_eq!(marked("{ c"), format!("{line}    ^^^"));
    }

    #[test]
    fn any_stretch_of_any_text_has_an_excerpt() {
        let text = "a = 'ü'\r\n[b\n\"\"\"\nü = \u{0}";
        for start in 0..=text.len() + 1 {
            for end in start..=text.len() + 1 {
                let excerpt = Excerpt::of(text, start..end).to_string();
                assert_eq!(excerpt.lines().count(), 2, "{start}..{end}: {excerpt}");
                assert!(excerpt.ends_with('^'));
            }
        }
    }
}
