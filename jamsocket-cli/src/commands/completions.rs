use crate::{cli::Cli, console::Console, failure::Failure};
use clap::{Args, CommandFactory};
use clap_complete::Shell;

/// Print what has a shell complete the command line
///
/// The script goes to stdout; where a shell looks for it, its own manual says.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Example, for ~/.bashrc:
  source <(jamsocket completions bash)")]
pub(crate) struct Completions {
    /// The shell to complete in
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(&self, console: Console) -> Result<(), Failure> {
        Ok(console.result(script(self.shell).trim_end())?)
    }
}

fn script(shell: Shell) -> String {
    let mut command = Cli::command();
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum;

    #[test]
    fn each_shell_completes_every_command_and_flag() {
        for shell in Shell::value_variants() {
            let script = script(*shell);
            for command in Cli::command().get_subcommands() {
                assert!(script.contains(command.get_name()), "{shell}: {}", command.get_name());
            }
            for flag in ["port", "max-rooms", "quiet"] {
                assert!(script.contains(flag), "{shell}: {flag}");
            }
        }
    }
}
