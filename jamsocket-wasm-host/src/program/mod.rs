//! Programs: WASI commands that run beside the rooms, with the bus.

mod error;
mod log;
mod outputs;
mod run;
mod state;

pub use error::ProgramError;
pub(crate) use log::{log_of, serving_wasi, write_lines};
pub(crate) use outputs::Output;
pub(crate) use run::{Run, run};
pub(crate) use state::ProgramState;

use crate::{LoadError, ModuleReport, WasmEngine, bus, module};
use std::{fmt, path::Path};
use wasmtime::{InstancePre, Linker};

/// A program that is compiled and linked: all but an instance.
///
/// Clones are the same program.
#[derive(Clone)]
pub struct Program {
    engine: WasmEngine,
    instance_pre: InstancePre<ProgramState>,
}

impl Program {
    /// Loads a program from a file: a module for `wasm32-wasip1` that has a `main`.
    ///
    /// # Errors
    ///
    /// Says why the module cannot be run: see [`LoadError`].
    pub fn load(engine: &WasmEngine, path: impl AsRef<Path>) -> Result<Self, LoadError> {
        let mut report = ModuleReport::default();
        module::load_file(engine, path.as_ref(), &mut report, |engine, bytes, name, _| {
            Self::compiled(engine, bytes, name)
        })
    }

    fn compiled(engine: &WasmEngine, bytes: &[u8], name: String) -> Result<Self, LoadError> {
        let refused = |reason| LoadError::NotAModule { module: name.clone(), reason };
        let module = module::compile(engine, bytes).map_err(refused)?;
        if module.get_export(run::START).is_none() {
            let reason = "it has no `_start`: build a program with a `main` for wasm32-wasip1";
            return Err(refused(reason.to_owned()));
        }
        let mut linker = Linker::new(engine.wasmtime());
        let linked = bus::add_to_linker(&mut linker)
            .and_then(|()| {
                wasmtime_wasi::p1::add_to_linker_async(&mut linker, |state: &mut ProgramState| {
                    &mut state.wasi
                })
            })
            .and_then(|()| linker.instantiate_pre(&module));
        let instance_pre = linked.map_err(|error| refused(format!("{error:#}")))?;
        Ok(Self { engine: engine.clone(), instance_pre })
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program").field("module", &self.instance_pre.module().name()).finish()
    }
}
