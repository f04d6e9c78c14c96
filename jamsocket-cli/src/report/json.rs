use jamsocket_wasm_host::{InterfaceItem, LoadError, MemorySize, ModuleReport};
use serde::Serialize;
use std::path::Path;

/// A report as one JSON object. Its keys are told in this crate's documentation, and stay.
#[derive(Debug, Serialize)]
pub(crate) struct JsonReport<'a> {
    module: String,
    accepted: bool,
    reason: Option<String>,
    size_bytes: Option<u64>,
    memory: Option<Memory>,
    table_elements: Option<u64>,
    interface: Vec<Item<'a>>,
}

#[derive(Debug, Serialize)]
struct Memory {
    initial_pages: u64,
    initial_bytes: u64,
    maximum_pages: Option<u64>,
    maximum_bytes: Option<u64>,
}

#[derive(Debug, Serialize)]
struct Item<'a> {
    kind: &'static str,
    module: Option<&'a str>,
    name: &'a str,
    required: bool,
    expected: Option<&'a str>,
    found: Option<&'a str>,
    ok: bool,
}

impl<'a> JsonReport<'a> {
    /// What was found of the module in this file.
    pub(crate) fn new(path: &Path, report: &'a ModuleReport) -> Self {
        Self {
            module: path.to_string_lossy().into_owned(),
            accepted: report.is_accepted(),
            reason: report.refusal.as_ref().map(LoadError::to_string),
            size_bytes: report.size_bytes,
            memory: report.memory.map(Memory::from),
            table_elements: report.table_elements,
            interface: report.interface.iter().map(Item::from).collect(),
        }
    }
}

impl From<MemorySize> for Memory {
    fn from(memory: MemorySize) -> Self {
        Self {
            initial_pages: memory.initial_pages,
            initial_bytes: memory.initial_bytes(),
            maximum_pages: memory.maximum_pages,
            maximum_bytes: memory.maximum_bytes(),
        }
    }
}

impl<'a> From<&'a InterfaceItem> for Item<'a> {
    fn from(item: &'a InterfaceItem) -> Self {
        Self {
            kind: if item.imported_from.is_some() { "import" } else { "export" },
            module: item.imported_from.as_deref(),
            name: &item.name,
            required: item.required,
            expected: item.expected.as_deref(),
            found: item.found.as_deref(),
            ok: item.fault.is_none(),
        }
    }
}
