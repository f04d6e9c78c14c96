//! The command `jamsocket`. What it does, and its exit codes, are told in [`jamsocket_cli`].

use clap::Parser;
use jamsocket_cli::Cli;
use std::process::ExitCode;

const WRONG_USAGE: u8 = 2;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(said) => {
            // Nothing is left to do where nobody reads it.
            let _ = said.print();
            return if said.use_stderr() { WRONG_USAGE.into() } else { ExitCode::SUCCESS };
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
