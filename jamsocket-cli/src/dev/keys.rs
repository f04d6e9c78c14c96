//! The keys of a terminal, without Enter.

use std::{
    io::{self, IsTerminal, Read},
    thread,
};

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Rebuild,
    OpenPlayground,
    Quit,
}

impl Key {
    fn of(byte: u8) -> Option<Self> {
        Some(match byte.to_ascii_lowercase() {
            b'r' => Key::Rebuild,
            b'o' => Key::OpenPlayground,
            b'q' => Key::Quit,
            _ => return None,
        })
    }
}

/// The terminal gives each key at once and does not show it. Dropping this makes it as it was.
#[derive(Debug)]
pub(super) struct Keys {
    #[cfg(unix)]
    before: rustix::termios::Termios,
}

impl Keys {
    /// Has the keys of the terminal at stdin, if there is one, told to `pressed`.
    #[cfg(unix)]
    pub(super) fn listen(pressed: impl Fn(Key) + Send + 'static) -> Option<Self> {
        use rustix::{
            process::getpgrp,
            termios::{LocalModes, OptionalActions, tcgetattr, tcgetpgrp, tcsetattr},
        };
        // Who is in the background of a terminal and asks for its keys is stopped.
        if !io::stdin().is_terminal() || tcgetpgrp(io::stdin()).ok()? != getpgrp() {
            return None;
        }
        let before = tcgetattr(io::stdin()).ok()?;
        let mut modes = before.clone();
        // Signals stay: Ctrl-C is one.
        modes.local_modes &= !(LocalModes::ICANON | LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Now, &modes).ok()?;
        read_on_a_thread(pressed);
        Some(Self { before })
    }

    /// Has the keys told to `pressed`, each with an Enter after it.
    #[cfg(not(unix))]
    pub(super) fn listen(pressed: impl Fn(Key) + Send + 'static) -> Option<Self> {
        if !io::stdin().is_terminal() {
            return None;
        }
        read_on_a_thread(pressed);
        Some(Self {})
    }
}

#[cfg(unix)]
impl Drop for Keys {
    fn drop(&mut self) {
        use rustix::termios::{OptionalActions, tcsetattr};
        // Where the terminal has gone, there is nothing to make as it was.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}

/// The thread ends with the terminal, or with the process.
fn read_on_a_thread(pressed: impl Fn(Key) + Send + 'static) {
    thread::spawn(move || {
        let bytes = io::stdin().lock().bytes().map_while(Result::ok);
        bytes.filter_map(Key::of).for_each(pressed);
    });
}

#[cfg(test)]
mod tests {
    use super::Key;

    #[test]
    fn keys_count_in_either_case_and_others_not_at_all() {
        assert_eq!(b"rR oO qQ".map(Key::of).iter().flatten().count(), 6);
        assert_eq!(Key::of(b'r'), Some(Key::Rebuild));
        assert_eq!(Key::of(b'O'), Some(Key::OpenPlayground));
        assert_eq!(Key::of(b'q'), Some(Key::Quit));
        assert_eq!(b"\n\x1bx0".map(Key::of), [None; 4]);
    }
}
