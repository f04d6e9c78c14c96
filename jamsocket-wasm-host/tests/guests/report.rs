use crate::support::{EXPORTS, Wat, echo, engine, load_bytes, small};
use jamsocket_wasm_host::{
    GuestLimits, InterfaceFault, InterfaceItem, LoadError, ModuleReport, WasmEngine,
    WasmHostFactory,
};
use random_modules::MODULES;
use std::{path::Path, time::Duration};

type Factory = WasmHostFactory<crate::support::Recorder>;

fn report(wat: &Wat) -> ModuleReport {
    ModuleReport::of_bytes(&engine(), wat.text().as_bytes())
}

/// The item of this name, which is there once.
#[track_caller]
fn item<'a>(report: &'a ModuleReport, name: &str) -> &'a InterfaceItem {
    let mut found = report.interface.iter().filter(|item| item.name == name);
    let item = found.next().unwrap();
    assert_eq!(found.next(), None);
    item
}

/// What an item has to be and what it is.
fn types<'a>(report: &'a ModuleReport, name: &str) -> (Option<&'a str>, Option<&'a str>) {
    let item = item(report, name);
    (item.expected.as_deref(), item.found.as_deref())
}

/// The initial and the largest size of the memory, in pages.
fn pages(wat: &Wat) -> Option<(u64, Option<u64>)> {
    report(wat).memory.map(|memory| (memory.initial_pages, memory.maximum_pages))
}

#[test]
fn of_a_correct_module_each_export_and_import_is_told() {
    let report = report(&echo());
    assert!(report.is_accepted());
    let told: Vec<_> = report.interface.iter().map(|item| item.name.as_str()).collect();
    let optional = ["_initialize", "JAMSOCKET_API_VERSION", "JAMSOCKET_API_PROTOCOL"];
    let imports = ["send_message", "send_binary", "set_timer"];
    assert_eq!(told, [&EXPORTS[..], &optional, &imports].concat());
    for item in &report.interface {
        assert_eq!(item.required, EXPORTS.contains(&item.name.as_str()), "{item:?}");
        let from = imports.contains(&item.name.as_str()).then_some("env");
        assert_eq!(item.imported_from.as_deref(), from, "{item:?}");
        assert_eq!(item.fault, None);
        if optional.contains(&item.name.as_str()) {
            assert_eq!(item.found, None, "{item:?}");
            assert!(item.expected.is_some(), "{item:?}");
        } else {
            assert_eq!(item.found, item.expected, "{item:?}");
        }
    }
}

#[test]
fn an_optional_export_that_is_there_is_told_with_its_type() {
    let version = r#"(global (export "JAMSOCKET_API_VERSION") (mut i32) (i32.const 0))"#;
    let report = report(&echo().plus(version).plus(r#"(func (export "_initialize"))"#));
    assert!(report.is_accepted());
    let expected = (Some("a global i32"), Some("a mutable global i32"));
    assert_eq!(types(&report, "JAMSOCKET_API_VERSION"), expected);
    let expected = (Some("a function ()"), Some("a function ()"));
    assert_eq!(types(&report, "_initialize"), expected);
}

#[test]
fn exports_that_the_interface_does_not_know_are_not_told() {
    let report = report(&echo().plus(r#"(func (export "frobnicate"))"#));
    assert!(report.interface.iter().all(|item| item.name != "frobnicate"));
}

#[test]
fn what_is_wrong_with_the_interface_is_told_at_its_place() {
    let report = report(
        &echo()
            .importing(r#"(import "env" "send_message" (global i32))"#)
            .importing(r#"(import "env" "frobnicate" (func))"#)
            .importing(r#"(import "elsewhere" "set_timer" (func (param i32)))"#)
            .without("jam_free")
            .without("imports")
            .doing("message", "")
            .doing("binary", "")
            .with("timer", r#"(table (export "timer") 1 funcref)"#)
            .with("memory", r#"(memory (export "memory") 1025)"#),
    );
    let function = "a function (i32, i32, i32)";
    assert_eq!(types(&report, "jam_free"), (Some("a function (i32, i32)"), None));
    assert_eq!(types(&report, "timer"), (Some("a function ()"), Some("a table")));
    assert_eq!(types(&report, "send_message"), (Some(function), Some("a global i32")));
    assert_eq!(types(&report, "frobnicate"), (None, Some("a function ()")));
    assert_eq!(types(&report, "set_timer"), (None, Some("a function (i32)")));
    // The memory has the right type, and too many pages.
    assert_eq!(item(&report, "memory").fault, None);

    let Some(LoadError::Refused { faults, .. }) = report.refusal else { panic!() };
    let (last, of_items) = faults.split_last().unwrap();
    assert!(matches!(last, InterfaceFault::MemoryTooLarge { .. }), "{last}");
    let told: Vec<_> = report.interface.iter().filter_map(|item| item.fault.clone()).collect();
    assert_eq!(told, of_items);
    assert_eq!(told.len(), 5);
}

#[test]
fn functions_of_wasi_are_told_by_name_and_type() {
    let wat = ["fd_close", "fd_wrong", "random_get"].iter().fold(echo(), |wat, name| {
        wat.importing(&format!(
            r#"(import "wasi_snapshot_preview1" "{name}" (func (param i32) (result i32)))"#
        ))
    });
    let report = report(&wat);
    let found = "a function (i32) -> i32";
    assert_eq!(types(&report, "fd_close"), (Some(found), Some(found)));
    assert_eq!(types(&report, "fd_wrong"), (None, Some(found)));
    let expected = "a function (i32, i32) -> i32";
    assert_eq!(types(&report, "random_get"), (Some(expected), Some(found)));
    assert_eq!(item(&report, "fd_close").fault, None);
    assert_eq!(item(&report, "fd_close").imported_from.as_deref(), Some("wasi_snapshot_preview1"));
    for name in ["fd_wrong", "random_get"] {
        assert!(item(&report, name).fault.is_some(), "{name}");
    }
}

#[test]
fn an_import_of_many_times_is_told_once_for_each_of_its_types() {
    let import = |ty: &str| format!(r#"(import "env" "frobnicate" (func {ty}))"#);
    let wat = echo()
        .importing(&import(""))
        .importing(&import("(param i32)"))
        .importing(&import("(param i32)"));
    let report = report(&wat);
    let found = report.interface.iter().filter(|item| item.name == "frobnicate");
    let found: Vec<_> = found.map(|item| item.found.as_deref()).collect();
    assert_eq!(found, [Some("a function (i32)"), Some("a function ()")]);
    let Some(LoadError::Refused { faults, .. }) = report.refusal else { panic!() };
    assert_eq!(faults.len(), 1, "it is unknown once");
}

#[test]
fn a_memory_is_told_with_its_pages_wherever_it_is() {
    let memory = |text: &str| echo().with("memory", text);
    assert_eq!(pages(&memory(r#"(memory (export "memory") 2)"#)), Some((2, None)));
    assert_eq!(pages(&memory(r#"(memory (export "memory") 2 7)"#)), Some((2, Some(7))));
    assert_eq!(pages(&memory(r#"(memory (export "other") 0 1)"#)), Some((0, Some(1))));
    assert_eq!(pages(&memory("(memory 3)")), Some((3, None)));
    assert_eq!(pages(&memory("")), None);
    let imported = echo().without("memory").importing(r#"(import "a" "b" (memory 4 5))"#);
    assert_eq!(pages(&imported), Some((4, Some(5))));
}

#[test]
fn a_memory_has_64_kib_a_page() {
    let memory = |text: &str| report(&echo().with("memory", text)).memory.unwrap();
    let largest = memory(r#"(memory (export "memory") 65536 65536)"#);
    assert_eq!((largest.initial_bytes(), largest.maximum_bytes()), (1 << 32, Some(1 << 32)));
    let smallest = memory(r#"(memory (export "memory") 0)"#);
    assert_eq!((smallest.initial_bytes(), smallest.maximum_bytes()), (0, None));
}

#[test]
fn a_table_is_told_with_what_it_starts_with() {
    assert_eq!(report(&echo()).table_elements, None);
    assert_eq!(report(&echo().plus("(table 7 9 funcref)")).table_elements, Some(7));
}

#[test]
fn the_limits_of_the_engine_decide() {
    let limits = GuestLimits { memory_bytes: 2 << 16, table_elements: 3, ..small() };
    let engine = WasmEngine::with_limits(limits).unwrap();
    let is_accepted = |memory: u32, table: u32| {
        let wat = echo()
            .with("memory", &format!(r#"(memory (export "memory") {memory})"#))
            .plus(&format!("(table {table} funcref)"));
        load_bytes(&engine, wat.text().as_bytes()).is_ok()
    };
    assert!(is_accepted(2, 3));
    assert!(!is_accepted(3, 3));
    assert!(!is_accepted(2, 4));
}

#[test]
fn of_what_is_no_module_the_size_and_the_reason_are_told() {
    for bytes in [b"".as_slice(), b"\xFF\xFE", b"hello", b"\0asm\x0D\0\x01\0"] {
        let report = ModuleReport::of_bytes(&engine(), bytes);
        assert_eq!(report.size_bytes, Some(bytes.len() as u64));
        assert!(report.interface.is_empty());
        assert_eq!((report.memory, report.table_elements), (None, None));
        assert!(matches!(report.refusal, Some(LoadError::NotAModule { .. })), "{report:?}");
    }
}

#[test]
fn a_file_is_told_as_its_bytes_are_and_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("guest.wat");
    let (engine, broken) = (engine(), echo().without("timer"));
    for wat in [echo(), broken] {
        std::fs::write(&path, wat.text()).unwrap();
        let (of_file, of_bytes) = (ModuleReport::of_file(&engine, &path), report(&wat));
        assert_eq!(of_file.size_bytes, Some(wat.text().len() as u64));
        assert_eq!(of_file.size_bytes, of_bytes.size_bytes);
        assert_eq!(of_file.interface, of_bytes.interface);
        assert_eq!(of_file.memory, of_bytes.memory);
        assert_eq!(said_of_file(&engine, &path), of_file.refusal.map(|error| error.to_string()));
    }
}

/// What is said of a file that is not loaded.
fn said_of_file(engine: &WasmEngine, path: &Path) -> Option<String> {
    Factory::new_in(engine, path).err().map(|error| error.to_string())
}

#[test]
fn a_file_that_is_too_large_is_told_with_its_size_where_it_has_one() {
    let limits = GuestLimits { module_bytes: 1000, ..small() };
    let engine = WasmEngine::with_limits(limits).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("guest.wasm");
    for (bytes, is_too_large) in [(1000, false), (1001, true), (50_000_000, true)] {
        std::fs::File::create(&path).unwrap().set_len(bytes).unwrap();
        let report = ModuleReport::of_file(&engine, &path);
        assert_eq!(report.size_bytes, Some(bytes));
        let refused = matches!(report.refusal, Some(LoadError::TooLarge { limit: 1000, .. }));
        assert_eq!(refused, is_too_large);
        let bytes = vec![0; usize::try_from(bytes).unwrap()];
        assert_eq!(ModuleReport::of_bytes(&engine, &bytes).size_bytes, report.size_bytes);
    }
}

#[test]
fn of_what_cannot_be_read_or_not_in_time_the_reason_is_told() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path(), &folder.path().join("absent.wasm"), Path::new("/dev/zero")] {
        let report = ModuleReport::of_file(&engine(), path);
        assert_eq!(report.size_bytes, None);
        assert!(matches!(report.refusal, Some(LoadError::Unreadable { .. })), "{report:?}");
    }
    let limits = GuestLimits { load_time: Duration::ZERO, ..small() };
    let engine = WasmEngine::with_limits(limits).unwrap();
    let report = ModuleReport::of_bytes(&engine, echo().text().as_bytes());
    assert!(report.interface.is_empty());
    assert!(matches!(report.refusal, Some(LoadError::TooSlow { .. })), "{report:?}");
}

#[test]
fn a_report_and_a_load_agree_about_random_modules_whole_and_damaged() {
    let engine = engine();
    let mut accepted = 0;
    for module in MODULES {
        accepted += usize::from(load_bytes(&engine, module).is_ok());
    }
    assert!((31..MODULES.len()).contains(&accepted), "{accepted} of {}", MODULES.len());
    let shortest = MODULES.iter().min_by_key(|module| module.len()).unwrap();
    for at in (0..shortest.len()).step_by(shortest.len() / 50) {
        let mut damaged = shortest.to_vec();
        damaged[at] ^= 1;
        let _whatever = load_bytes(&engine, &damaged);
        let _whatever = load_bytes(&engine, &damaged[..at]);
    }
}
