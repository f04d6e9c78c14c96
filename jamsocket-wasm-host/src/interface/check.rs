use super::{ENV, EXPORTS, Export, IMPORTS, InterfaceFault, words::in_words};
use crate::{GuestLimits, wasi};
use std::collections::HashSet;
use wasmtime::{Engine, ExternType, ImportType, Module};

/// The size of a WebAssembly page.
const PAGE_BYTES: u64 = 64 << 10;

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
