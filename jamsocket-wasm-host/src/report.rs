use crate::{
    InterfaceItem, LoadError, WasmEngine,
    interface::{self, PAGE_BYTES},
    module::LinkedModule,
};
use jamsocket::{JamsocketContext, MessageRecipient};
use std::path::Path;
use wasmtime::{ExternType, Module};

/// What a module is made of, and whether it can be served.
///
/// It is made by loading the module as [`WasmHostFactory`](crate::WasmHostFactory) does, on the same
/// engine and with the same limits, so that the two cannot disagree. No room is made, and nothing of
/// the module runs: what goes wrong when a room starts is not seen.
///
/// ```
/// use jamsocket_wasm_host::{ModuleReport, WasmEngine};
///
/// let engine = WasmEngine::shared()?;
/// let report = ModuleReport::of_bytes(&engine, br#"(module (memory (export "memory") 1 3))"#);
///
/// assert!(!report.is_accepted());
/// let faults = report.interface.iter().filter(|item| item.fault.is_some());
/// assert_eq!(faults.count(), 8);
/// let memory = report.memory.unwrap();
/// assert_eq!((memory.initial_pages, memory.maximum_pages), (1, Some(3)));
/// # Ok::<(), jamsocket_wasm_host::EngineError>(())
/// ```
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct ModuleReport {
    /// How many bytes it has, as binary or as text; none where it could not be read, or not to
    /// its end.
    pub size_bytes: Option<u64>,
    /// Each export of the guest interface, then each import of the module; empty where it is no
    /// module that can run here.
    pub interface: Vec<InterfaceItem>,
    /// Its memory; none where it has none, or is no module that can run here.
    pub memory: Option<MemorySize>,
    /// How many elements its table of functions starts with; none where it has none, or is no module
    /// that can run here.
    pub table_elements: Option<u64>,
    /// Why it is refused, if it is.
    pub refusal: Option<LoadError>,
}

impl ModuleReport {
    /// Looks at the module in a file, on this engine.
    pub fn of_file(engine: &WasmEngine, path: impl AsRef<Path>) -> Self {
        Self::of(|report| LinkedModule::from_file(engine, path.as_ref(), report))
    }

    /// Looks at a module, binary or text, in memory, on this engine.
    pub fn of_bytes(engine: &WasmEngine, bytes: &[u8]) -> Self {
        let report = Self::of(|report| LinkedModule::from_bytes(engine, bytes, report));
        Self { size_bytes: Some(bytes.len() as u64), ..report }
    }

    /// Whether the module can be served.
    pub fn is_accepted(&self) -> bool {
        self.refusal.is_none()
    }

    fn of(load: impl FnOnce(&mut Self) -> Result<LinkedModule<Nobody>, LoadError>) -> Self {
        let mut report = Self::default();
        let refusal = load(&mut report).err();
        Self { refusal, ..report }
    }

    /// Takes down what there is in a module.
    pub(crate) fn describe(&mut self, module: &Module) {
        self.interface = interface::compare(module);
        self.memory = MemorySize::of(module);
        self.table_elements = module.resources_required().max_initial_table_size;
    }
}

/// How large a module's memory is when a room starts, and how large the module lets it grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemorySize {
    /// How many pages it starts with.
    pub initial_pages: u64,
    /// How many pages it may grow to; none where the module does not say. A room may not have more
    /// than [`GuestLimits::memory_bytes`](crate::GuestLimits::memory_bytes) in any case.
    pub maximum_pages: Option<u64>,
}

impl MemorySize {
    /// The size of a module's memory, of which there is one at most.
    fn of(module: &Module) -> Option<Self> {
        let exports = module.exports().map(|export| export.ty());
        let mut types = exports.chain(module.imports().map(|import| import.ty()));
        let declared = types.find_map(|ty| match ty {
            ExternType::Memory(memory) => {
                Some(Self { initial_pages: memory.minimum(), maximum_pages: memory.maximum() })
            }
            _ => None,
        });
        // A memory that is neither exported nor imported does not tell its type.
        let hidden = || module.resources_required().max_initial_memory_size;
        declared.or_else(|| Some(Self { initial_pages: hidden()?, maximum_pages: None }))
    }

    /// How many bytes it starts with.
    pub fn initial_bytes(self) -> u64 {
        self.initial_pages.saturating_mul(PAGE_BYTES)
    }

    /// How many bytes it may grow to; none where the module does not say.
    pub fn maximum_bytes(self) -> Option<u64> {
        self.maximum_pages.map(|pages| pages.saturating_mul(PAGE_BYTES))
    }
}

/// The context of rooms that are never made.
enum Nobody {}

impl JamsocketContext for Nobody {
    fn send_message(&self, _: impl Into<MessageRecipient>, _: &str) {
        match *self {}
    }

    fn send_binary(&self, _: impl Into<MessageRecipient>, _: &[u8]) {
        match *self {}
    }

    fn set_timer(&self, _: u32) {
        match *self {}
    }
}
