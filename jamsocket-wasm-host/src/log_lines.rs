use jamsocket::{JamsocketContext, LogLevel, host::visible};
use std::sync::Arc;

/// How many bytes a line may have. What is longer becomes several lines.
const MAX_LINE_BYTES: usize = 8 << 10;

/// Takes what a guest writes to its log, with its level.
pub(crate) type Log = Arc<dyn Fn(LogLevel, &str) + Send + Sync>;

/// The log of a room, which takes lines.
pub(crate) fn log_of_room(context: Arc<impl JamsocketContext>) -> Log {
    Arc::new(move |level, line| context.log(level, line))
}

/// Makes log lines of what a guest writes to one of its outputs.
///
/// A line is written when its end comes, or at [`flush`](Self::flush), or when this is dropped.
/// Blank lines are left out.
pub(crate) struct LogLines {
    log: Log,
    level: LogLevel,
    /// The line so far, without an end.
    partial: Vec<u8>,
}

impl LogLines {
    pub(crate) fn new(log: Log, level: LogLevel) -> Self {
        Self { log, level, partial: Vec::new() }
    }

    /// Takes what the guest writes, in pieces of any size.
    pub(crate) fn write(&mut self, mut bytes: &[u8]) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            self.append(&bytes[..end]);
            self.flush();
            bytes = &bytes[end + 1..];
        }
        self.append(bytes);
    }

    /// Ends the line that was begun, if one was.
    pub(crate) fn flush(&mut self) {
        self.emit(self.partial.len());
    }

    fn append(&mut self, mut bytes: &[u8]) {
        while self.partial.len() + bytes.len() > MAX_LINE_BYTES {
            let (fitting, rest) = bytes.split_at(MAX_LINE_BYTES - self.partial.len());
            self.partial.extend_from_slice(fitting);
            self.emit(self.partial.len() - unfinished_character(&self.partial));
            bytes = rest;
        }
        self.partial.extend_from_slice(bytes);
    }

    /// Writes the first `len` bytes as a line and keeps the rest.
    fn emit(&mut self, len: usize) {
        let text = String::from_utf8_lossy(&self.partial[..len]);
        let line = text.trim_end_matches('\r');
        if !line.trim().is_empty() {
            (self.log)(self.level, &visible(line));
        }
        self.partial.drain(..len);
    }
}

impl Drop for LogLines {
    fn drop(&mut self) {
        self.flush();
    }
}

/// How many bytes at the end are the beginning of a character whose rest is yet to come.
fn unfinished_character(bytes: &[u8]) -> usize {
    (1..=3)
        .filter(|len| *len <= bytes.len())
        .find(|len| {
            let tail = &bytes[bytes.len() - len..];
            let is_first = tail[0] >= 0xC0;
            is_first && std::str::from_utf8(tail).is_err_and(|e| e.error_len().is_none())
        })
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// A log, and the lines that it has taken.
    fn kept_log() -> (Log, Arc<Mutex<Vec<String>>>) {
        let kept = Arc::<Mutex<Vec<String>>>::default();
        let lines = kept.clone();
        let log = move |level, line: &str| {
            assert_eq!(level, LogLevel::Info);
            lines.lock().unwrap().push(line.to_owned());
        };
        (Arc::new(log), kept)
    }

    /// The lines that come of these writes, the end of the output included.
    fn lines(writes: &[&[u8]]) -> Vec<String> {
        let (log, kept) = kept_log();
        let mut log_lines = LogLines::new(log, LogLevel::Info);
        for bytes in writes {
            log_lines.write(bytes);
        }
        drop(log_lines);
        Arc::into_inner(kept).unwrap().into_inner().unwrap()
    }

    #[test]
    fn lines_are_put_together_from_pieces() {
        let pieces: [&[u8]; 4] = [b"on", b"e\ntwo\r\nthr", b"ee", b""];
        assert_eq!(lines(&pieces), ["one", "two", "three"]);
    }

    #[test]
    fn blank_lines_are_left_out() {
        assert_eq!(lines(&[b"\n \n\r\none\n\n"]), ["one"]);
        assert_eq!(lines(&[b""]), [""; 0]);
    }

    #[test]
    fn a_flush_ends_a_line_that_was_begun() {
        let (log, kept) = kept_log();
        let mut log_lines = LogLines::new(log, LogLevel::Info);
        log_lines.write(b"half");
        assert_eq!(*kept.lock().unwrap(), [""; 0]);
        log_lines.flush();
        log_lines.flush();
        assert_eq!(*kept.lock().unwrap(), ["half"]);
    }

    #[test]
    fn a_line_of_the_greatest_length_stays_whole_and_a_longer_one_is_cut() {
        let longest = "x".repeat(MAX_LINE_BYTES);
        assert_eq!(lines(&[longest.as_bytes(), b"\n"]), [longest.as_str()]);
        assert_eq!(lines(&[longest.as_bytes(), b"y"]), [longest.as_str(), "y"]);
        let twice = longest.repeat(2);
        assert_eq!(lines(&[twice.as_bytes()]), [longest.as_str(); 2]);
    }

    #[test]
    fn a_cut_goes_between_characters() {
        let text = format!("{}{}", "x".repeat(MAX_LINE_BYTES - 3), "😀😀");
        let cut = lines(&[text.as_bytes()]);
        assert_eq!(cut.len(), 2);
        assert_eq!(cut.concat(), text);
    }

    #[test]
    fn a_run_of_bytes_that_are_no_text_is_cut_all_the_same() {
        let no_text = vec![0xFF; 2 * MAX_LINE_BYTES];
        let replaced = "\u{FFFD}".repeat(MAX_LINE_BYTES);
        assert_eq!(lines(&[&no_text]), [replaced.as_str(); 2]);
    }
}
