//! The guest interface as a table, and the check of a module against it.

use crate::{GuestLimits, text::Name, wasi};
use std::{borrow::Borrow, collections::HashSet, fmt};
use thiserror::Error;
use wasmtime::{Engine, ExternType, ImportType, Module, Mutability, ValType};

pub(crate) const MEMORY: &str = "memory";
pub(crate) const MALLOC: &str = "jam_malloc";
pub(crate) const FREE: &str = "jam_free";
pub(crate) const INITIALIZE: &str = "initialize";
pub(crate) const CONNECT: &str = "connect";
pub(crate) const DISCONNECT: &str = "disconnect";
pub(crate) const TIMER: &str = "timer";
pub(crate) const MESSAGE: &str = "message";
pub(crate) const BINARY: &str = "binary";

/// A WASI reactor's start function, called once where there is one.
pub(crate) const REACTOR_START: &str = "_initialize";

/// Globals that hold the address of an `i32`, and the value that has to be there.
pub(crate) const VERSIONS: [(&str, i32); 2] =
    [("JAMSOCKET_API_VERSION", 1), ("JAMSOCKET_API_PROTOCOL", 0)];

/// The size of a WebAssembly page.
const PAGE_BYTES: u64 = 64 << 10;

/// The module that Jamsocket's own imports come from.
pub(crate) const ENV: &str = "env";
pub(crate) const SEND_MESSAGE: &str = "send_message";
pub(crate) const SEND_BINARY: &str = "send_binary";
pub(crate) const SET_TIMER: &str = "set_timer";

const EXPORTS: [Export; 12] = [
    required(MEMORY, Shape::Memory),
    required(MALLOC, Shape::Function(1, 1)),
    required(FREE, Shape::Function(2, 0)),
    required(INITIALIZE, Shape::Function(2, 0)),
    required(CONNECT, Shape::Function(1, 0)),
    required(DISCONNECT, Shape::Function(1, 0)),
    required(TIMER, Shape::Function(0, 0)),
    required(MESSAGE, Shape::Function(3, 0)),
    required(BINARY, Shape::Function(3, 0)),
    optional(REACTOR_START, Shape::Function(0, 0)),
    optional(VERSIONS[0].0, Shape::Address),
    optional(VERSIONS[1].0, Shape::Address),
];

const IMPORTS: [(&str, Shape); 3] = [
    (SEND_MESSAGE, Shape::Function(3, 0)),
    (SEND_BINARY, Shape::Function(3, 0)),
    (SET_TIMER, Shape::Function(1, 0)),
];

struct Export {
    name: &'static str,
    shape: Shape,
    required: bool,
}

const fn required(name: &'static str, shape: Shape) -> Export {
    Export { name, shape, required: true }
}

const fn optional(name: &'static str, shape: Shape) -> Export {
    Export { name, shape, required: false }
}

/// The types that the interface is made of.
#[derive(Debug, Clone, Copy)]
enum Shape {
    Memory,
    /// A global `i32`, constant or not.
    Address,
    /// A function of so many `i32` that returns so many `i32`.
    Function(usize, usize),
}

impl Shape {
    fn admits(self, found: &ExternType) -> bool {
        match (self, found) {
            (Shape::Memory, ExternType::Memory(_)) => true,
            (Shape::Address, ExternType::Global(global)) => global.content().is_i32(),
            (Shape::Function(params, results), ExternType::Func(function)) => {
                function.params().len() == params
                    && function.results().len() == results
                    && function.params().chain(function.results()).all(|ty| ty.is_i32())
            }
            _ => false,
        }
    }
}

/// In words.
impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let i32s = |count| vec!["i32"; count];
        match *self {
            Shape::Memory => f.write_str("a memory"),
            Shape::Address => f.write_str("a global i32"),
            Shape::Function(params, results) => {
                f.write_str(&function_in_words(&i32s(params), &i32s(results)))
            }
        }
    }
}

/// One way in which a module is not a Jamsocket service.
///
/// Types are given in words: `a function (i32, i32) -> i32`, `a memory`, `a global i64`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum InterfaceFault {
    /// It lacks an export that the host needs.
    #[error("the export {} is missing: it has to be {expected}", Name(name))]
    MissingExport {
        /// What the export is called.
        name: String,
        /// The type that it has to have.
        expected: String,
    },
    /// An export has the wrong type.
    #[error("the export {} is {found}: it has to be {expected}", Name(name))]
    MistypedExport {
        /// What the export is called.
        name: String,
        /// The type that it has to have.
        expected: String,
        /// The type that it has.
        found: String,
    },
    /// It imports what the host does not offer.
    #[error("the import {} from {} is not known here", Name(name), Name(module))]
    UnknownImport {
        /// The module that the import comes from.
        module: String,
        /// What the import is called.
        name: String,
    },
    /// It imports something of the host with the wrong type.
    #[error("the import {} from {} is {found}: it has to be {expected}", Name(name), Name(module))]
    MistypedImport {
        /// The module that the import comes from.
        module: String,
        /// What the import is called.
        name: String,
        /// The type that it has to have.
        expected: String,
        /// The type that it is imported with.
        found: String,
    },
    /// Its memory starts larger than a room's may ever be.
    #[error("its memory starts with {bytes} bytes: a room may have {limit}")]
    MemoryTooLarge {
        /// How many bytes the module declares.
        bytes: u64,
        /// [`GuestLimits::memory_bytes`].
        limit: usize,
    },
}

/// Checks what a module exports and imports. Returns everything that is wrong with it.
pub(crate) fn check(module: &Module, limits: &GuestLimits) -> Vec<InterfaceFault> {
    let mut faults = check_exports(module);
    faults.extend(check_imports(module));
    faults.extend(check_memory_size(module, limits));
    faults
}

fn check_exports(module: &Module) -> Vec<InterfaceFault> {
    let fault = |export: &Export| {
        let (name, expected) = (export.name.to_owned(), export.shape.to_string());
        match module.get_export(export.name) {
            Some(found) if export.shape.admits(&found) => None,
            Some(found) => {
                Some(InterfaceFault::MistypedExport { name, expected, found: in_words(&found) })
            }
            None if export.required => Some(InterfaceFault::MissingExport { name, expected }),
            None => None,
        }
    };
    EXPORTS.iter().filter_map(fault).collect()
}

fn check_imports(module: &Module) -> Vec<InterfaceFault> {
    let mut wasi = None;
    let mut faults = Vec::new();
    // A module may import the same thing many times.
    let mut seen = HashSet::new();
    for import in module.imports() {
        if let Some(fault) = check_import(&import, module.engine(), &mut wasi)
            && seen.insert(fault.clone())
        {
            faults.push(fault);
        }
    }
    faults
}

/// Checks one import. The catalogue of WASI is made when the first import asks for it.
fn check_import(
    import: &ImportType<'_>,
    engine: &Engine,
    wasi: &mut Option<wasi::Catalogue>,
) -> Option<InterfaceFault> {
    let found = import.ty();
    let known = match import.module() {
        ENV => {
            let import = IMPORTS.iter().find(|(name, _)| *name == import.name());
            import.map(|(_, shape)| (shape.admits(&found), shape.to_string()))
        }
        wasi::MODULE => {
            let wasi = wasi.get_or_insert_with(|| wasi::Catalogue::new(engine));
            wasi.function(import.name()).map(|function| {
                let expected = in_words(&ExternType::Func(function));
                (expected == in_words(&found), expected)
            })
        }
        _ => None,
    };
    let (module, name) = (import.module().to_owned(), import.name().to_owned());
    match known {
        Some((true, _)) => None,
        Some((false, expected)) => {
            Some(InterfaceFault::MistypedImport { module, name, expected, found: in_words(&found) })
        }
        None => Some(InterfaceFault::UnknownImport { module, name }),
    }
}

fn check_memory_size(module: &Module, limits: &GuestLimits) -> Option<InterfaceFault> {
    let pages = module.resources_required().max_initial_memory_size?;
    let bytes = pages.saturating_mul(PAGE_BYTES);
    (bytes > limits.memory_bytes as u64)
        .then_some(InterfaceFault::MemoryTooLarge { bytes, limit: limits.memory_bytes })
}

/// Says in words what something is. Types that differ read differently.
fn in_words(ty: &ExternType) -> String {
    let texts = |types: &mut dyn Iterator<Item = ValType>| -> Vec<String> {
        types.map(|ty| ty.to_string()).collect()
    };
    match ty {
        ExternType::Func(function) => {
            function_in_words(&texts(&mut function.params()), &texts(&mut function.results()))
        }
        ExternType::Global(global) => {
            let mutable = match global.mutability() {
                Mutability::Const => "",
                Mutability::Var => "mutable ",
            };
            format!("a {mutable}global {}", global.content())
        }
        ExternType::Table(_) => "a table".to_owned(),
        ExternType::Memory(_) => "a memory".to_owned(),
        ExternType::Tag(_) => "a tag".to_owned(),
    }
}

fn function_in_words<T: Borrow<str>>(params: &[T], results: &[T]) -> String {
    let params = params.join(", ");
    match results {
        [] => format!("a function ({params})"),
        [result] => format!("a function ({params}) -> {}", result.borrow()),
        _ => format!("a function ({params}) -> ({})", results.join(", ")),
    }
}
