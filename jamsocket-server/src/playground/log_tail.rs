use super::build_state::unix_ms;
use crate::rooms::RoomId;
use jamsocket::LogLevel;
use serde::{Serialize, Serializer};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};
use tokio::sync::Notify;

/// How many lines are kept.
const MAX_LINES: usize = 1_000;

/// How many bytes of lines are kept.
const MAX_BYTES: usize = 1 << 20;

/// How many bytes of one line are kept.
const MAX_LINE_BYTES: usize = 8 << 10;

/// The last log lines of the rooms: those that a page has not been told yet, and those that one which
/// is still to be opened will be told.
///
/// Nobody who writes waits for one who reads: whoever is late misses the oldest lines, and is told how
/// many.
#[derive(Debug, Default)]
pub(crate) struct LogTail {
    lines: Mutex<Lines>,
    grown: Notify,
}

#[derive(Debug, Default)]
struct Lines {
    kept: VecDeque<Arc<Line>>,
    /// How many bytes the kept ones have.
    bytes: usize,
    /// How many lines there were in all, and so the number of the next.
    count: u64,
}

/// A line as pages are told it.
#[derive(Debug, Serialize)]
struct Line {
    /// How many there were before it.
    number: u64,
    /// When it was written, in milliseconds after the Unix epoch.
    at_ms: u64,
    service: String,
    #[serde(serialize_with = "as_text")]
    room: RoomId,
    level: &'static str,
    line: String,
}

/// Lines that somebody has not read before.
#[derive(Debug, Serialize)]
pub(super) struct NewLines {
    /// How many are gone that came before them.
    missed: u64,
    #[serde(serialize_with = "each")]
    lines: Vec<Arc<Line>>,
}

impl LogTail {
    /// Adds a line of the room `id` of a service. It has been made visible.
    pub(crate) fn push(&self, service: &str, id: &RoomId, level: LogLevel, line: &str) {
        let mut text = line[..line.floor_char_boundary(MAX_LINE_BYTES)].to_owned();
        if text.len() < line.len() {
            text.push('…');
        }
        let mut lines = self.lock();
        let line = Line {
            number: lines.count,
            at_ms: unix_ms(SystemTime::now()),
            service: service.to_owned(),
            room: id.clone(),
            level: name_of(level),
            line: text,
        };
        lines.push(line);
        drop(lines);
        self.grown.notify_waiters();
    }

    /// Where somebody begins to read who wants all that is kept.
    pub(super) fn begin(&self) -> u64 {
        self.lock().oldest()
    }

    /// Waits until there are lines from the number `*next` on, takes them, and moves `*next` behind
    /// them. Giving up the wait loses nothing.
    pub(super) async fn read(&self, next: &mut u64) -> NewLines {
        loop {
            // Before the look, so that no line comes between the two.
            let grown = self.grown.notified();
            if let Some(lines) = self.lock().since(*next) {
                *next += lines.missed + lines.lines.len() as u64;
                return lines;
            }
            grown.await;
        }
    }

    /// The lines that are kept.
    #[cfg(test)]
    pub(crate) fn kept(&self) -> Vec<String> {
        self.lock().kept.iter().map(|line| line.line.clone()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lines {
    fn push(&mut self, line: Line) {
        self.count += 1;
        self.bytes += line.line.len();
        self.kept.push_back(Arc::new(line));
        while self.kept.len() > MAX_LINES || self.bytes > MAX_BYTES {
            let Some(oldest) = self.kept.pop_front() else { return };
            self.bytes -= oldest.line.len();
        }
    }

    fn oldest(&self) -> u64 {
        self.count - self.kept.len() as u64
    }

    fn since(&self, next: u64) -> Option<NewLines> {
        if next >= self.count {
            return None;
        }
        let missed = self.oldest().saturating_sub(next);
        let skipped = next.saturating_sub(self.oldest()) as usize;
        Some(NewLines { missed, lines: self.kept.iter().skip(skipped).cloned().collect() })
    }
}

fn name_of(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Error => "error",
        LogLevel::Warn => "warn",
        LogLevel::Info => "info",
        LogLevel::Debug => "debug",
        LogLevel::Trace => "trace",
    }
}

fn as_text<S: Serializer>(id: &RoomId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(id.as_str())
}

fn each<S: Serializer>(lines: &[Arc<Line>], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(lines.iter().map(|line| &**line))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{future::poll_fn, pin::pin, task::Poll};

    fn push(log: &LogTail, line: &str) {
        log.push("game", &RoomId::generated("1".to_owned()), LogLevel::Warn, line);
    }

    /// What is there for one who has read up to `next`: how many lines were missed, and the others.
    async fn read(log: &LogTail, next: &mut u64) -> (u64, Vec<String>) {
        let new = log.read(next).await;
        (new.missed, new.lines.iter().map(|line| line.line.clone()).collect())
    }

    #[tokio::test]
    async fn each_reader_gets_each_line_once() {
        let log = LogTail::default();
        push(&log, "one");
        let (mut early, mut late) = (log.begin(), log.begin());
        assert_eq!(read(&log, &mut early).await, (0, vec!["one".to_owned()]));
        push(&log, "two");
        assert_eq!(read(&log, &mut early).await, (0, vec!["two".to_owned()]));
        assert_eq!(read(&log, &mut late).await, (0, vec!["one".to_owned(), "two".to_owned()]));
    }

    #[tokio::test]
    async fn who_has_read_all_waits_for_the_next_line() {
        let log = LogTail::default();
        let mut next = log.begin();
        {
            let mut reading = pin!(log.read(&mut next));
            let polled = poll_fn(|cx| Poll::Ready(reading.as_mut().poll(cx))).await;
            assert!(polled.is_pending());
            push(&log, "one");
            assert_eq!(reading.await.lines.len(), 1);
        }
        assert_eq!(next, 1);
    }

    #[tokio::test]
    async fn the_last_thousand_lines_are_kept_and_who_is_late_is_told_how_many_are_gone() {
        let log = LogTail::default();
        let mut slow = log.begin();
        for _ in 0..MAX_LINES {
            push(&log, "x");
        }
        assert_eq!(log.begin(), 0);
        push(&log, "x");
        assert_eq!(log.begin(), 1);
        let (missed, lines) = read(&log, &mut slow).await;
        assert_eq!((missed, lines.len(), slow), (1, MAX_LINES, MAX_LINES as u64 + 1));
        // One that begins now misses nothing.
        let mut next = log.begin();
        assert_eq!(read(&log, &mut next).await.0, 0);
    }

    #[test]
    fn a_megabyte_of_lines_is_kept() {
        let log = LogTail::default();
        for _ in 0..MAX_BYTES / MAX_LINE_BYTES {
            push(&log, &"x".repeat(MAX_LINE_BYTES));
        }
        assert_eq!((log.begin(), log.lock().bytes), (0, MAX_BYTES));
        push(&log, "");
        assert_eq!(log.begin(), 0);
        push(&log, "x");
        assert_eq!((log.begin(), log.lock().bytes), (1, MAX_BYTES - MAX_LINE_BYTES + 1));
    }

    #[tokio::test]
    async fn a_line_that_is_too_long_is_cut_at_the_end_of_a_character() {
        let log = LogTail::default();
        let longest = "x".repeat(MAX_LINE_BYTES);
        push(&log, &longest);
        push(&log, &format!("{longest}y"));
        push(&log, &format!("{}é", &longest[1..]));
        let cut = |text: &str| format!("{text}…");
        let expected = vec![longest.clone(), cut(&longest), cut(&longest[1..])];
        assert_eq!(read(&log, &mut 0).await.1, expected);
    }

    #[tokio::test]
    async fn a_line_says_when_and_whose_it_is() {
        let log = LogTail::default();
        push(&log, "a \"word\"");
        let told = serde_json::to_string(&log.read(&mut 0).await).unwrap();
        let (before, after) = told.split_once(r#""at_ms":1"#).unwrap();
        assert_eq!(before, r#"{"missed":0,"lines":[{"number":0,"#);
        let rest = r#""service":"game","room":"1","level":"warn","line":"a \"word\""}]}"#;
        assert!(after.ends_with(rest), "{told}");
    }
}
