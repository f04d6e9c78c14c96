use crate::LogLevel;
use std::fmt;

/// A line that the service of a [`TestRoom`](super::TestRoom) has written to its log.
///
/// It equals the pair of its level and its line, and prints as that does.
///
/// ```
/// use jamsocket::{LogLevel, testing::Logged};
///
/// let logged = vec![Logged { level: LogLevel::Info, line: "open".to_owned() }];
/// assert_eq!(logged, [(LogLevel::Info, "open")]);
/// assert_eq!(format!("{logged:?}"), r#"[(Info, "open")]"#);
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Logged {
    /// How much it matters.
    pub level: LogLevel,
    /// What it says.
    pub line: String,
}

/// As the pair.
impl fmt::Debug for Logged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.level, &self.line).fmt(f)
    }
}

impl PartialEq<(LogLevel, &str)> for Logged {
    fn eq(&self, (level, line): &(LogLevel, &str)) -> bool {
        self.level == *level && self.line == *line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_equals_its_level_and_text_together() {
        let logged = Logged { level: LogLevel::Warn, line: "low".to_owned() };
        assert_eq!(logged, (LogLevel::Warn, "low"));
        assert_ne!(logged, (LogLevel::Info, "low"));
        assert_ne!(logged, (LogLevel::Warn, "high"));
    }
}
