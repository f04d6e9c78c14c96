//! The command `jamsocket`. What it does, and its exit codes, are told in [`jamsocket_cli`].

use clap::Parser;
use jamsocket_cli::Cli;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(said) => {
            // Nothing is left to do where nobody reads it.
            let _ = said.print();
            return said.exit_code().try_into().map_or(ExitCode::FAILURE, |code: u8| code.into());
        }
    };
    match cli.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.report();
            failure.code().into()
        }
    }
}
