use crate::screen;
use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use std::{
    fmt::Display,
    io::{self, IsTerminal, Write},
};

const VERB: Style = AnsiColor::Green.on_default().bold();
pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();

/// Where the command tells whoever runs it what it does: lines on stderr, coloured on a terminal.
///
/// stdout is left to results.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Console {
    quiet: bool,
}

impl Console {
    /// A console that says nothing but errors when `quiet`.
    pub(crate) const fn new(quiet: bool) -> Self {
        Self { quiet }
    }

    pub(crate) fn is_quiet(self) -> bool {
        self.quiet
    }

    /// A step, with its verb level with those of cargo.
    pub(crate) fn status(self, verb: &str, what: impl Display) {
        if !self.quiet {
            print(&format!("{VERB}{verb:>12}{VERB:#} {what}\n"));
        }
    }

    /// Something that is not as it was asked for, and does not stop the command.
    pub(crate) fn warn(self, what: impl Display) {
        if !self.quiet {
            print(&format!("{WARNING}warning{WARNING:#}: {what}\n"));
        }
    }

    /// Something that has failed, and does not end the command.
    pub(crate) fn error(self, what: impl Display) {
        print(&format!("{ERROR}error{ERROR:#}: {what}\n"));
    }

    /// What another program has to say, as it says it.
    pub(crate) fn raw(self, text: &str) {
        print(text);
    }

    /// Whether colours are shown.
    pub(crate) fn is_coloured(self) -> bool {
        is_coloured()
    }

    /// Asks on a terminal, where Enter alone means yes. Without a terminal the answer is no.
    pub(crate) fn confirm(self, question: &str) -> bool {
        ask(question, "[Y/n]").is_some_and(|answer| answer.is_empty() || means_yes(&answer))
    }

    /// Asks on a terminal for a grant, where Enter alone means no. Without a terminal the answer is no.
    pub(crate) fn confirm_risk(self, question: &str) -> bool {
        ask(question, "[y/N]").is_some_and(|answer| means_yes(&answer))
    }

    /// A result, on stdout.
    ///
    /// # Errors
    ///
    /// Nobody takes it.
    pub(crate) fn result(self, line: impl Display) -> io::Result<()> {
        writeln!(io::stdout(), "{line}")
    }

    /// A result for people: whole lines on stdout, coloured on a terminal.
    ///
    /// # Errors
    ///
    /// Nobody takes it.
    pub(crate) fn styled_result(self, lines: impl Display) -> io::Result<()> {
        write!(anstream::stdout(), "{lines}")
    }
}

/// Writes to stderr, without colours where they are not shown.
pub(crate) fn print(text: &str) {
    let plain;
    let text = if is_coloured() {
        text
    } else {
        plain = anstream::adapter::strip_str(text).to_string();
        &plain
    };
    // Nothing is left to do where nobody reads it.
    let _ = screen::Stderr.write_all(text.as_bytes());
}

fn is_coloured() -> bool {
    AutoStream::choice(&io::stderr()) != ColorChoice::Never
}

/// The answer to a question, without the spaces around it, or `None` without a terminal.
fn ask(question: &str, answers: &str) -> Option<String> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return None;
    }
    anstream::eprint!("{question} {answers} ");
    let mut answer = String::new();
    match io::stdin().read_line(&mut answer) {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(answer.trim().to_owned()),
    }
}

fn means_yes(answer: &str) -> bool {
    matches!(answer.to_ascii_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::means_yes;

    #[test]
    fn yes_means_yes_and_anything_else_no() {
        for answer in ["y", "Y", "yes", "Yes"] {
            assert!(means_yes(answer), "{answer:?}");
        }
        for answer in ["", "n", "no", "yep", "?"] {
            assert!(!means_yes(answer), "{answer:?}");
        }
    }
}
