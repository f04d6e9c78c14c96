use crate::{
    code_cache::CodeCacheFlag,
    config::{BusConfig, Risk},
    console::Console,
    failure::Failure,
    flags::{BusFlags, ConfigFlag},
    hosting::{HostingError, load_help},
    limits::LimitFlags,
    trust::TrustFlag,
};
use clap::Args;
use jamsocket_wasm_host::{Bus, LoadError, Program, ProgramError, WasmEngine};
use std::{
    io,
    path::{Path, PathBuf},
};
use thiserror::Error;

/// Run a program with the bus
///
/// PROGRAM is a WASI command: a .wasm file with a `main`, built for wasm32-wasip1. It has the standard
/// streams and its arguments, and of other programs those that are granted. One that serves goes on
/// until it is told to stop. The exit code is the program's own, or 1 where it did not come to its end.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Example, of a program that calls another by the name calc:
  jamsocket run --program calc=service.wasm client.wasm calc")]
pub(crate) struct Run {
    /// The program
    #[arg(value_name = "PROGRAM")]
    program: PathBuf,

    /// What it gets as its arguments
    #[arg(value_name = "ARGUMENT", trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,

    #[command(flatten)]
    config: ConfigFlag,

    #[command(flatten)]
    trust: TrustFlag,

    #[command(flatten)]
    code_cache: CodeCacheFlag,

    #[command(flatten)]
    bus: BusFlags,

    #[command(flatten)]
    limits: LimitFlags,
}

impl Run {
    pub(crate) fn run(&self, console: Console) -> Result<(), Failure> {
        let config = self.config.read(Path::new("."))?;
        let is_used = |risk: &Risk| risk.key == "bus.net" || risk.key.starts_with("programs.");
        self.trust.ask(&config, is_used, console)?;
        let limits = self.limits.over(config.limits);
        let engine = self.code_cache.engine(limits.guests).map_err(HostingError::from)?;
        match self.run_on(&engine, config.bus)? {
            0 => Ok(()),
            code => Err(Failure::exit(code)),
        }
    }

    fn run_on(&self, engine: &WasmEngine, config: BusConfig) -> Result<i32, RunError> {
        let program = Program::load(engine, &self.program)?;
        let programs = self.bus.programs(engine, &config)?;
        let grants = self.bus.over(config.grants);
        let bus = Bus::new(engine, programs, grants.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let name = self.program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let arguments: Vec<_> = [name].iter().chain(&self.arguments).cloned().collect();
        let run = bus.run(&program, &arguments, grants);
        Ok(runtime.map_err(RunError::Runtime)?.block_on(run)?)
    }
}

/// Why a program was not run to its end.
#[derive(Debug, Error)]
pub(crate) enum RunError {
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Program(#[from] ProgramError),
    #[error("cannot wait for anything on this machine")]
    Runtime(#[source] io::Error),
}

impl RunError {
    pub(crate) fn help(&self) -> Option<String> {
        match self {
            RunError::Load(error) => load_help(error),
            _ => None,
        }
    }
}
