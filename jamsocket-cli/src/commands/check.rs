use crate::{
    code_cache::CodeCacheFlag,
    console::Console,
    failure::Failure,
    flags::ConfigFlag,
    hosting::{HostingError, load_help},
    limits::LimitFlags,
    report::{JsonReport, TableReport},
};
use clap::Args;
use jamsocket_wasm_host::{LoadError, ModuleReport};
use std::{
    io,
    path::{Path, PathBuf},
};

/// Show what a module is made of, and whether `serve` would accept it
///
/// The table has each export that a service needs and each import of the module, beside what they
/// have to be. The limits are those that `serve` would have in this folder, with the same flags. No
/// room is started: what goes wrong when one is, this does not see. The exit code is 1 where `serve`
/// would refuse the module.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Example, of a package that is built first:
  jamsocket check \"$(jamsocket build examples/counter)\"")]
pub(crate) struct Check {
    /// The module: a .wasm file, or its text form
    #[arg(value_name = "MODULE")]
    module: PathBuf,

    /// Print one JSON object instead of the table
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    config: ConfigFlag,

    #[command(flatten)]
    code_cache: CodeCacheFlag,

    #[command(flatten)]
    limits: LimitFlags,
}

impl Check {
    pub(crate) fn run(&self, console: Console) -> Result<(), Failure> {
        let limits = self.limits.over(self.config.read(Path::new("."))?.limits);
        let engine = self.code_cache.engine(limits.guests).map_err(HostingError::from)?;
        let mut report = ModuleReport::of_file(&engine, &self.module);
        if let Some(error) = report.refusal.take_if(|error| !is_about_the_module(error)) {
            return Err(HostingError::from(error).into());
        }
        if self.json {
            let report = JsonReport::new(&self.module, &report);
            console.result(serde_json::to_string_pretty(&report).map_err(io::Error::from)?)?;
        } else {
            let help = report.refusal.as_ref().and_then(load_help);
            console.styled_result(TableReport {
                report: &report,
                limits: engine.limits(),
                help,
            })?;
        }
        if report.is_accepted() { Ok(()) } else { Err(Failure::told()) }
    }
}

/// Whether there is a module to report about.
fn is_about_the_module(error: &LoadError) -> bool {
    !matches!(error, LoadError::Unreadable { .. } | LoadError::Engine(_) | LoadError::Thread { .. })
}
