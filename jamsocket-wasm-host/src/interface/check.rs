use super::{
    BUS_EXPORTS, BUS_IMPORTS, ENV, EXPORTS, Export, IMPORTS, InterfaceFault, InterfaceItem, Shape,
    words::in_words,
};
use crate::{GuestLimits, bus, wasi};
use std::collections::HashSet;
use wasmtime::{Engine, ExternType, ImportType, Module};

/// The size of a WebAssembly page.
pub(crate) const PAGE_BYTES: u64 = 64 << 10;

/// Compares a module with the interface: each export of the interface, then each import of the
/// module.
pub(crate) fn compare(module: &Module) -> Vec<InterfaceItem> {
    let is_on_bus = module.imports().any(|import| import.module() == bus::MODULE);
    let of_bus = BUS_EXPORTS.iter().filter(|_| is_on_bus);
    let exports = EXPORTS.iter().chain(of_bus);
    let mut items: Vec<_> = exports.map(|export| compare_export(export, module)).collect();
    let mut wasi = None;
    // A module may import the same thing many times.
    let mut seen = HashSet::new();
    for import in module.imports() {
        let found = in_words(&import.ty());
        if seen.insert((import.module(), import.name(), found.clone())) {
            items.push(compare_import(&import, found, module.engine(), &mut wasi));
        }
    }
    items
}

/// Everything that is wrong with a module of which this was found.
pub(crate) fn faults(
    items: &[InterfaceItem],
    module: &Module,
    limits: &GuestLimits,
) -> Vec<InterfaceFault> {
    let mut seen = HashSet::new();
    let faults = items.iter().filter_map(|item| item.fault.as_ref());
    let mut faults: Vec<_> = faults.filter(|fault| seen.insert(*fault)).cloned().collect();
    faults.extend(check_memory_size(module, limits));
    faults
}

fn compare_export(export: &Export, module: &Module) -> InterfaceItem {
    let (name, expected) = (export.name.to_owned(), export.shape.to_string());
    let ty = module.get_export(export.name);
    let found = ty.as_ref().map(in_words);
    let fault = match (&ty, found.clone()) {
        (Some(ty), _) if export.shape.admits(ty) => None,
        (_, Some(found)) => Some(InterfaceFault::MistypedExport {
            name: name.clone(),
            expected: expected.clone(),
            found,
        }),
        _ if export.required => {
            Some(InterfaceFault::MissingExport { name: name.clone(), expected: expected.clone() })
        }
        _ => None,
    };
    let required = export.required;
    InterfaceItem { imported_from: None, name, required, expected: Some(expected), found, fault }
}

/// Compares one import. The catalogue of WASI is made when the first import asks for it.
fn compare_import(
    import: &ImportType<'_>,
    found: String,
    engine: &Engine,
    wasi: &mut Option<wasi::Catalogue>,
) -> InterfaceItem {
    let of = |imports: &[(&str, Shape)]| {
        let known = imports.iter().find(|(name, _)| *name == import.name());
        known.map(|(_, shape)| (shape.admits(&import.ty()), shape.to_string()))
    };
    let known = match import.module() {
        ENV => of(&IMPORTS),
        bus::MODULE => of(&BUS_IMPORTS),
        wasi::MODULE => {
            let wasi = wasi.get_or_insert_with(|| wasi::Catalogue::new(engine));
            wasi.function(import.name()).map(|function| {
                let expected = in_words(&ExternType::Func(function));
                (expected == found, expected)
            })
        }
        _ => None,
    };
    let (module, name) = (import.module().to_owned(), import.name().to_owned());
    let fault = match known.clone() {
        Some((true, _)) => None,
        Some((false, expected)) => Some(InterfaceFault::MistypedImport {
            module: module.clone(),
            name: name.clone(),
            expected,
            found: found.clone(),
        }),
        None => Some(InterfaceFault::UnknownImport { module: module.clone(), name: name.clone() }),
    };
    InterfaceItem {
        imported_from: Some(module),
        name,
        required: false,
        expected: known.map(|(_, expected)| expected),
        found: Some(found),
        fault,
    }
}

fn check_memory_size(module: &Module, limits: &GuestLimits) -> Option<InterfaceFault> {
    let pages = module.resources_required().max_initial_memory_size?;
    let bytes = pages.saturating_mul(PAGE_BYTES);
    (bytes > limits.memory_bytes as u64)
        .then_some(InterfaceFault::MemoryTooLarge { bytes, limit: limits.memory_bytes })
}
