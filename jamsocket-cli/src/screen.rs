//! stderr, with a line at its bottom that stays while others come above it.

use std::{
    io::{self, Write},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Back to the margin, and nothing on the line any more.
const ERASE: &[u8] = b"\r\x1b[2K";

static SCREEN: Mutex<Screen> = Mutex::new(Screen { line: String::new(), is_drawn: false });

struct Screen {
    /// The line that stays; empty where there is none.
    line: String,
    is_drawn: bool,
}

/// Shows `line` at the bottom, in the place of the one that was there. It has to fit the width of the
/// terminal.
pub(crate) fn show(line: String) {
    let mut screen = screen();
    if screen.line != line || !screen.is_drawn {
        screen.line = line;
        // Who has no terminal any more sees nothing anyway.
        let _ = screen.erase().and_then(|()| screen.draw());
    }
}

/// Shows no line at the bottom any more.
pub(crate) fn hide() {
    let mut screen = screen();
    screen.line.clear();
    let _ = screen.erase();
}

/// stderr, above the line at its bottom.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stderr;

impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut screen = screen();
        screen.erase()?;
        io::stderr().write_all(bytes)?;
        if bytes.ends_with(b"\n") {
            screen.draw()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Screen {
    fn erase(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.is_drawn) {
            io::stderr().write_all(ERASE)?;
        }
        Ok(())
    }

    fn draw(&mut self) -> io::Result<()> {
        if !self.line.is_empty() {
            io::stderr().write_all(self.line.as_bytes())?;
            self.is_drawn = true;
        }
        Ok(())
    }
}

fn screen() -> MutexGuard<'static, Screen> {
    SCREEN.lock().unwrap_or_else(PoisonError::into_inner)
}
