use crate::{
    LoadError, ModuleReport, WasmEngine,
    bus::{self, Port},
    imports, interface, load,
    log_lines::{Log, LogLines, log_of_room},
    room_state::RoomState,
    text::visible_lines,
    wasi,
};
use jamsocket::{JamsocketContext, host::read_file};
use std::{fs, io, mem, path::Path, sync::Arc, time::Duration};
use wasmtime::{InstancePre, Linker, Module, Store};

/// How a binary module begins.
const BINARY_MAGIC: &[u8] = b"\0asm";

/// What a component has, in the second half of its version, where a module has zeros.
const COMPONENT_LAYER: &[u8] = &[1, 0];

/// A module that is compiled, checked and linked: all but an instance.
pub(crate) struct LinkedModule<C: JamsocketContext> {
    pub(crate) engine: WasmEngine,
    pub(crate) instance_pre: InstancePre<RoomState<C>>,
    /// What the module is called in messages.
    pub(crate) name: String,
    /// Whether it imports anything of the bus.
    pub(crate) uses_bus: bool,
}

impl<C: JamsocketContext> LinkedModule<C> {
    /// Loads the module in a file, and reports what was seen of it: all but the refusal.
    pub(crate) fn from_file(
        engine: &WasmEngine,
        path: &Path,
        report: &mut ModuleReport,
    ) -> Result<Self, LoadError> {
        load_file(engine, path, report, Self::compiled)
    }

    /// Loads the module in these bytes likewise.
    pub(crate) fn from_bytes(
        engine: &WasmEngine,
        bytes: &[u8],
        report: &mut ModuleReport,
    ) -> Result<Self, LoadError> {
        let name = "the module".to_owned();
        let limit = engine.limits().module_bytes;
        if bytes.len() > limit {
            return Err(LoadError::TooLarge { module: name, limit });
        }
        let (engine, bytes) = (engine.clone(), bytes.to_vec());
        in_time(engine.limits().load_time, name, report, move |name, report| {
            Self::compiled(&engine, &bytes, name, report)
        })
    }

    fn compiled(
        engine: &WasmEngine,
        bytes: &[u8],
        name: String,
        report: &mut ModuleReport,
    ) -> Result<Self, LoadError> {
        let compiled = compile(engine, bytes);
        let examined = compiled.as_ref().ok().cloned().or_else(|| engine.examine(bytes));
        if let Some(module) = &examined {
            report.describe(module);
            let faults = interface::faults(&report.interface, module, engine.limits());
            if !faults.is_empty() {
                return Err(LoadError::Refused { module: name, faults });
            }
        }
        let module =
            compiled.map_err(|reason| LoadError::NotAModule { module: name.clone(), reason })?;
        let instance_pre = link(engine, &module).map_err(|error| {
            // The check should have seen whatever this is; its text is a good second.
            LoadError::NotAModule { module: name.clone(), reason: format!("{error:#}") }
        })?;
        let uses_bus = imports_from(&module, bus::MODULE);
        Ok(Self { engine: engine.clone(), instance_pre, name, uses_bus })
    }

    /// Everything that one room's guest needs, before there is one. `port` is made where the module uses
    /// the bus.
    pub(crate) fn store(&self, context: C, port: impl FnOnce(Log) -> Port) -> Store<RoomState<C>> {
        let context = Arc::new(context);
        let port = self.uses_bus.then(|| {
            let log = log_of_room(context.clone());
            let write = move |level, text: &str| {
                LogLines::new(log.clone(), level).write(text.as_bytes());
            };
            port(Arc::new(write))
        });
        let state = RoomState::new(context, &self.engine, port);
        let mut store = Store::new(self.engine.wasmtime(), state);
        store.limiter(|state| &mut state.limits);
        store.epoch_deadline_callback(|mut store| store.data_mut().budget.spend_tick());
        store.set_hostcall_fuel(wasi::MAX_CALL_BYTES);
        store
    }
}

/// Loads the module in a file: reads it, and has `compiled` make of its bytes, and its name in messages,
/// what is asked for.
///
/// # Errors
///
/// It cannot be read, is too large, takes too long, or is refused by `compiled`.
pub(crate) fn load_file<T: Send + 'static>(
    engine: &WasmEngine,
    path: &Path,
    report: &mut ModuleReport,
    compiled: fn(&WasmEngine, &[u8], String, &mut ModuleReport) -> Result<T, LoadError>,
) -> Result<T, LoadError> {
    let name = format!("`{}`", path.display());
    let (engine, path) = (engine.clone(), path.to_owned());
    in_time(engine.limits().load_time, name, report, move |name, report| {
        let bytes = read(&path, engine.limits().module_bytes, report)?;
        compiled(&engine, &bytes, name, report)
    })
}

/// Loads a module on a thread of its own, and waits no longer than `limit` for it. What was seen of
/// one that takes longer is lost.
fn in_time<T: Send + 'static>(
    limit: Duration,
    name: String,
    report: &mut ModuleReport,
    load: impl FnOnce(String, &mut ModuleReport) -> Result<T, LoadError> + Send + 'static,
) -> Result<T, LoadError> {
    let mut seen = mem::take(report);
    let (loaded, seen) = load::within(limit, name, move |name| {
        let loaded = load(name, &mut seen);
        Ok((loaded, seen))
    })?;
    *report = seen;
    loaded
}

/// Reads a module of at most `limit` bytes.
fn read(path: &Path, limit: usize, report: &mut ModuleReport) -> Result<Vec<u8>, LoadError> {
    match read_file(path, limit as u64) {
        Ok(bytes) => {
            report.size_bytes = Some(bytes.len() as u64);
            Ok(bytes)
        }
        Err(source) if source.kind() == io::ErrorKind::FileTooLarge => {
            report.size_bytes = fs::metadata(path).ok().map(|metadata| metadata.len());
            Err(LoadError::TooLarge { module: format!("`{}`", path.display()), limit })
        }
        Err(source) => Err(LoadError::Unreadable { path: path.to_owned(), source }),
    }
}

pub(crate) fn compile(engine: &WasmEngine, bytes: &[u8]) -> Result<Module, String> {
    if bytes.starts_with(BINARY_MAGIC) {
        if bytes.get(6..8) == Some(COMPONENT_LAYER) {
            return Err("it is a component; build a core module, \
                        which is what the target wasm32-wasip1 gives"
                .to_owned());
        }
    } else if bytes.is_empty() {
        return Err("it is empty".to_owned());
    } else if std::str::from_utf8(bytes).is_err() {
        return Err("it is neither a binary module nor text".to_owned());
    }
    // It quotes the line of a text that does not parse.
    engine.compile(bytes).map_err(|error| visible_lines(&format!("{error:#}")))
}

fn link<C: JamsocketContext>(
    engine: &WasmEngine,
    module: &Module,
) -> wasmtime::Result<InstancePre<RoomState<C>>> {
    let mut linker = Linker::new(engine.wasmtime());
    imports::add_to_linker(&mut linker)?;
    if imports_from(module, wasi::MODULE) {
        wasmtime_wasi::p1::add_to_linker_async(&mut linker, RoomState::wasi)?;
    }
    if imports_from(module, bus::MODULE) {
        bus::add_to_linker(&mut linker)?;
    }
    linker.instantiate_pre(module)
}

fn imports_from(module: &Module, name: &str) -> bool {
    module.imports().any(|import| import.module() == name)
}
