use super::{AllLimits, NamedLimit};
use clap::{Arg, ArgMatches, Args, Command, Error, FromArgMatches};

/// A flag for each limit, as they are defined: `message_bytes` is `--message-bytes VALUE`.
#[derive(Debug, Clone, Default)]
pub(crate) struct LimitFlags {
    given: Vec<NamedLimit>,
    values: AllLimits,
}

impl LimitFlags {
    /// These limits, but for those that a flag was given for.
    pub(crate) fn over(&self, mut limits: AllLimits) -> AllLimits {
        for limit in &self.given {
            limit.copy(&self.values, &mut limits);
        }
        limits
    }
}

impl Args for LimitFlags {
    fn augment_args(command: Command) -> Command {
        let defaults = AllLimits::default();
        command.args(NamedLimit::all().map(|limit| flag(limit, &defaults)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for LimitFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut flags = Self::default();
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        for limit in NamedLimit::all() {
            if let Some(value) = matches.get_one::<AllLimits>(limit.name) {
                limit.copy(value, &mut self.values);
                self.given.push(limit);
            }
        }
        Ok(())
    }
}

/// A flag that is read into a set in which this limit alone counts.
fn flag(limit: NamedLimit, defaults: &AllLimits) -> Arg {
    let help = limit.help.trim_end_matches('.');
    Arg::new(limit.name)
        .long(limit.name.replace('_', "-"))
        .value_name("VALUE")
        .help(format!("{help} [default: {}]", limit.text(defaults)))
        .help_heading("Limits")
        .hide_short_help(true)
        .value_parser(move |text: &str| {
            let mut value = AllLimits::default();
            limit.set(&mut value, text).map(|()| value)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use std::time::Duration;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        limits: LimitFlags,
    }

    fn parse(line: &str) -> Result<LimitFlags, Error> {
        let words = std::iter::once("jamsocket").chain(line.split_whitespace());
        Line::try_parse_from(words).map(|line| line.limits)
    }

    #[test]
    fn without_flags_limits_stay_as_they_are() {
        let mut limits = AllLimits::default();
        limits.server.message_bytes = 7;
        assert_eq!(parse("").unwrap().over(limits.clone()), limits);
    }

    #[test]
    fn a_flag_beats_what_was_there_even_with_the_default_value() {
        let mut limits = AllLimits::default();
        (limits.server.message_bytes, limits.server.max_clients) = (7, 8);
        limits.guests.memory_bytes = 9;
        let line = "--message-bytes 1MiB --memory-bytes=64KiB --run-time 500ms";
        let set = parse(line).unwrap().over(limits.clone());
        (limits.server.message_bytes, limits.guests.memory_bytes) = (1 << 20, 64 << 10);
        limits.guests.run_time = Duration::from_millis(500);
        assert_eq!(set, limits);
    }

    #[test]
    fn a_flag_of_both_sets_is_there_once_and_sets_both() {
        let set = parse("--max-rooms 3").unwrap().over(AllLimits::default());
        assert_eq!((set.server.max_rooms, set.guests.max_rooms), (3, 3));
    }

    #[test]
    fn there_is_a_flag_for_each_limit_with_help_and_default() {
        let (command, defaults) =
            (LimitFlags::augment_args(Command::new("x")), AllLimits::default());
        for limit in NamedLimit::all() {
            let value = limit.text(&defaults);
            let long = limit.name.replace('_', "-");
            let flag = command.get_arguments().find(|flag| flag.get_long() == Some(&long));
            let help = flag.unwrap().get_help().unwrap().to_string();
            assert!(
                help.ends_with(&format!("[default: {value}]")) && !help.contains(". "),
                "{help}"
            );
            let line = format!("--{long} {value}");
            assert_eq!(parse(&line).unwrap().over(defaults.clone()), defaults, "{line}");
        }
        command.debug_assert();
    }

    #[test]
    fn a_bad_value_is_refused_with_what_would_be_right() {
        for (line, expected) in [
            (
                "--message-bytes much",
                "invalid value 'much' for '--message-bytes <VALUE>': \
                 `much` is no number such as `1000` or `64KiB`",
            ),
            (
                "--run-time 5",
                "invalid value '5' for '--run-time <VALUE>': \
                 `5` is no duration such as `500ms`, `10s` or `5min`",
            ),
        ] {
            let refused = parse(line).unwrap_err().to_string();
            assert!(refused.contains(expected), "{refused}");
        }
    }
}
