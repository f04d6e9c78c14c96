use crate::{commands::Command, console::Console, failure::Failure, logging::Verbosity};
use clap::Parser;

/// Build and serve rooms: services that many clients reach over WebSocket
#[derive(Debug, Clone, Parser)]
#[command(
    name = "jamsocket",
    version = env!("JAMSOCKET_VERSION"),
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "\
Environment:
  JAMSOCKET_RUSTC  The compiler to build services and browser packages with, where the default one
                   lacks the target
  RUST_LOG         What to log, instead of what -v and -q say: `info`, `jamsocket_server=trace`, ...
  NO_COLOR         No colours, on a terminal either

Exit codes:
  0  The command has done what it was asked for; a server was told to stop
  1  It has failed, and says why on stderr; `check` has found what `serve` would refuse
  2  The command line is wrong

Example, in the folder of a package:
  jamsocket dev"
)]
pub struct Cli {
    #[command(flatten)]
    verbosity: Verbosity,
    #[command(subcommand)]
    command: Command,
}

impl Cli {
    /// Does what the command line asks for. A server runs until SIGINT or SIGTERM.
    ///
    /// # Errors
    ///
    /// Says why it was not done, and whether the command line is at fault.
    pub fn run(&self) -> Result<(), Failure> {
        self.verbosity.start_logging();
        self.command.run(Console::new(self.verbosity.is_quiet()))
    }
}

#[cfg(test)]
mod tests {
    use super::Cli;
    use clap::{CommandFactory, Parser};

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn each_command_has_an_example_and_shows_its_defaults() {
        let mut cli = Cli::command();
        for command in cli.get_subcommands_mut() {
            let help = command.render_long_help().to_string();
            assert_eq!(help.matches("\nExample").count(), 1, "{help}");
            let defaults = match command.get_name() {
                "dev" | "serve" => "8080 127.0.0.1 implicit 300sec 30 120",
                "build" => ".",
                "new" => "counter",
                _ => continue,
            };
            for default in defaults.split(' ') {
                assert!(help.contains(&format!("[default: {default}]")), "{default}: {help}");
            }
        }
    }

    #[test]
    fn limits_come_last_in_the_help_and_only_in_the_long_one() {
        for (name, heading) in [("dev", "Serving"), ("serve", "Serving"), ("check", "Options")] {
            let mut cli = Cli::command();
            let command = cli.find_subcommand_mut(name).unwrap();
            let long = command.render_long_help().to_string();
            let (rest, limits) = long.split_once("\nLimits:\n").unwrap();
            assert!(
                rest.contains(&format!("\n{heading}:\n")) && !rest.contains("--max-rooms"),
                "{long}"
            );
            assert!(limits.contains("--max-rooms <VALUE>\n"), "{long}");
            let mut headings = limits.lines().filter(|line| !line.starts_with(' '));
            assert!(headings.all(|line| line.is_empty() || line.starts_with("Example")), "{long}");
            let short = command.render_help().to_string();
            assert!(short.contains("--config") && !short.contains("--max-rooms"), "{short}");
        }
    }

    #[test]
    fn quiet_and_verbose_go_with_any_command_and_not_together() {
        for line in ["jamsocket -v build", "jamsocket build -vv", "jamsocket -q serve a.wasm"] {
            assert!(Cli::try_parse_from(line.split(' ')).is_ok(), "{line}");
        }
        assert!(Cli::try_parse_from(["jamsocket", "build", "-q", "-v"]).is_err());
    }
}
