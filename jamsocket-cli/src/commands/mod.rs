//! The subcommands: one file each, with its arguments and what it does.

mod build;
mod check;
mod completions;
mod dev;
mod new;
mod run;
mod serve;

pub(crate) use run::RunError;
pub(crate) use serve::ServeError;

use crate::{console::Console, failure::Failure};
use clap::Subcommand;

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Command {
    New(new::New),
    Dev(dev::Dev),
    Build(build::Build),
    Serve(serve::Serve),
    Check(check::Check),
    Run(run::Run),
    Completions(completions::Completions),
}

impl Command {
    pub(crate) fn run(&self, console: Console) -> Result<(), Failure> {
        match self {
            Command::New(new) => new.run(console),
            Command::Dev(dev) => dev.run(console),
            Command::Build(build) => build.run(console),
            Command::Serve(serve) => serve.run(console),
            Command::Check(check) => check.run(console),
            Command::Run(run) => run.run(console),
            Command::Completions(completions) => completions.run(console),
        }
    }
}
