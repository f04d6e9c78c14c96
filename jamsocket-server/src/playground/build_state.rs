use serde::Serialize;
use std::time::{Duration, SystemTime};

/// The longest text of a build that the page is told, in bytes. Of a longer one it gets the begin.
const MAX_TEXT_BYTES: usize = 256 << 10;

/// What has become of the code that rooms run, as whoever builds it tells the
/// [`Playground`](crate::Playground).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildState {
    /// It is being built. Rooms run what was there before, if anything was.
    Building,
    /// Rooms run what was built last.
    Running {
        /// How long that took to build.
        took: Duration,
    },
    /// It could not be built. Rooms run what was there before, if anything was.
    Failed {
        /// What the compiler says, without the escapes by which a terminal shows colours.
        errors: String,
    },
    /// It was built and could not be run. Rooms run what was there before.
    RolledBack {
        /// What was wrong with it.
        reason: String,
    },
}

/// A [`BuildState`] as the page is told it.
#[derive(Debug, Serialize)]
pub(super) struct BuildReport<'a> {
    state: &'static str,
    /// Since when, in milliseconds after the Unix epoch.
    since_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    took_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    /// How many bytes of the text are left off.
    #[serde(skip_serializing_if = "Option::is_none")]
    left_off: Option<usize>,
}

impl<'a> BuildReport<'a> {
    pub(super) fn new(build: &'a BuildState, since: SystemTime) -> Self {
        let of = |state| Self {
            state,
            since_ms: unix_ms(since),
            took_ms: None,
            text: None,
            left_off: None,
        };
        let with_text = |state, text: &'a str| {
            let told = &text[..text.floor_char_boundary(MAX_TEXT_BYTES)];
            let left_off = Some(text.len() - told.len()).filter(|left_off| *left_off > 0);
            Self { text: Some(told), left_off, ..of(state) }
        };
        match build {
            BuildState::Building => of("building"),
            BuildState::Running { took } => Self { took_ms: Some(millis(*took)), ..of("running") },
            BuildState::Failed { errors } => with_text("failed", errors),
            BuildState::RolledBack { reason } => with_text("rolled-back", reason),
        }
    }
}

/// A moment as pages know it: milliseconds after the Unix epoch.
pub(super) fn unix_ms(time: SystemTime) -> u64 {
    millis(time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
}

/// In whole milliseconds, of which 584 million years fit.
pub(super) fn millis(time: Duration) -> u64 {
    time.as_millis() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(build: &BuildState) -> String {
        let since = SystemTime::UNIX_EPOCH + Duration::from_millis(1_234);
        serde_json::to_string(&BuildReport::new(build, since)).unwrap()
    }

    #[test]
    fn a_page_is_told_the_state_since_when_and_what_belongs_to_it() {
        let took = Duration::from_micros(5_600);
        let (errors, reason) = ("error: no\n --> 1".to_owned(), "it traps".to_owned());
        for (build, expected) in [
            (BuildState::Building, r#"{"state":"building","since_ms":1234}"#),
            (BuildState::Running { took }, r#"{"state":"running","since_ms":1234,"took_ms":5}"#),
            (
                BuildState::Failed { errors },
                r#"{"state":"failed","since_ms":1234,"text":"error: no\n --> 1"}"#,
            ),
            (
                BuildState::RolledBack { reason },
                r#"{"state":"rolled-back","since_ms":1234,"text":"it traps"}"#,
            ),
        ] {
            assert_eq!(told(&build), expected);
        }
    }

    #[test]
    fn of_a_text_that_is_too_long_the_begin_is_told_to_the_end_of_a_character() {
        let failed = |errors: String| told(&BuildState::Failed { errors });
        let whole = failed("x".repeat(MAX_TEXT_BYTES));
        assert!(whole.ends_with(r#"xx"}"#) && whole.len() > MAX_TEXT_BYTES, "{}", whole.len());
        assert!(failed("x".repeat(MAX_TEXT_BYTES + 1)).ends_with(r#"xx","left_off":1}"#));
        let cut = failed("x".repeat(MAX_TEXT_BYTES - 1) + "é");
        assert!(cut.ends_with(r#"xx","left_off":2}"#));
    }
}
