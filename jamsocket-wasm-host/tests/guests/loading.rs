use crate::support::{EXPORTS, Wat, echo, engine, load, refusal, small};
use jamsocket::JamsocketContext;
use jamsocket_wasm_host::{GuestLimits, InterfaceFault, LoadError, WasmEngine, WasmHostFactory};
use std::time::Duration;

type Factory = WasmHostFactory<crate::support::Recorder>;

/// What is wrong with a module that is refused, one text a fault.
#[track_caller]
fn faults(wat: &Wat) -> Vec<String> {
    match refusal(wat) {
        LoadError::Refused { faults, .. } => faults.iter().map(|f| f.to_string()).collect(),
        other => panic!("{other}"),
    }
}

/// What is said of bytes that are no module.
#[track_caller]
fn not_a_module(bytes: &[u8]) -> String {
    match Factory::from_bytes_in(&engine(), bytes).unwrap_err() {
        LoadError::NotAModule { reason, .. } => reason,
        other => panic!("{other}"),
    }
}

#[test]
fn a_correct_module_is_loaded() {
    load(&echo()).unwrap();
}

#[test]
fn a_module_needs_no_imports() {
    let silent = echo().without("imports").doing("message", "").doing("binary", "");
    load(&silent).unwrap();
}

#[test]
fn each_missing_export_is_named() {
    let text = |name| match name {
        "memory" => "a memory",
        "jam_malloc" => "a function (i32) -> i32",
        "jam_free" | "initialize" => "a function (i32, i32)",
        "connect" | "disconnect" => "a function (i32)",
        "timer" => "a function ()",
        _ => "a function (i32, i32, i32)",
    };
    for name in EXPORTS {
        let mut wat = echo().without(name);
        if name == "memory" {
            wat = wat.plus("(memory 1)");
        }
        let expected = text(name);
        let fault = format!("the export `{name}` is missing: it has to be {expected}");
        assert_eq!(faults(&wat), [fault]);
    }
}

#[test]
fn each_mistyped_export_is_named_with_both_types() {
    for name in EXPORTS {
        let wrong = format!(r#"(func (export "{name}") (param i64 f32) (result i32) unreachable)"#);
        let mut wat = echo().with(name, &wrong);
        if name == "memory" {
            wat = wat.plus("(memory 1)");
        }
        let [fault] = &faults(&wat)[..] else { panic!() };
        let found = format!("the export `{name}` is a function (i64, f32) -> i32: it has to be a ");
        assert!(fault.starts_with(&found), "{fault}");
    }
}

#[test]
fn a_result_too_many_is_a_wrong_type() {
    let wat = echo().with(
        "connect",
        r#"(func (export "connect") (param i32) (result i32 i64) (i32.const 0) (i64.const 0))"#,
    );
    let fault = "the export `connect` is a function (i32) -> (i32, i64): \
                 it has to be a function (i32)";
    assert_eq!(faults(&wat), [fault]);
}

#[test]
fn everything_that_is_wrong_is_listed_at_once() {
    let wat = echo()
        .importing(r#"(import "env" "send_message" (global i32))"#)
        .importing(r#"(import "env" "frobnicate" (func))"#)
        .importing(r#"(import "env" "frobnicate" (func))"#)
        .importing(r#"(import "wasi_unstable" "fd_write" (func (param i32 i32)))"#)
        .importing(r#"(import "wasi_snapshot_preview1" "fd_wrong" (func))"#)
        .importing(r#"(import "wasi_snapshot_preview1" "fd_close" (func (param i64)))"#)
        .without("jam_free")
        .with("timer", r#"(table (export "timer") 1 funcref)"#)
        .with("memory", r#"(memory (export "memory") 1025)"#)
        .plus(r#"(global (export "JAMSOCKET_API_VERSION") (mut i64) (i64.const 1))"#)
        .plus(r#"(func (export "_initialize") (param i32))"#);
    let text = refusal(&wat).to_string();
    assert_eq!(
        text,
        "the module is not a Jamsocket service:
  - the export `jam_free` is missing: it has to be a function (i32, i32)
  - the export `timer` is a table: it has to be a function ()
  - the export `_initialize` is a function (i32): it has to be a function ()
  - the export `JAMSOCKET_API_VERSION` is a mutable global i64: it has to be a global i32
  - the import `fd_close` from `wasi_snapshot_preview1` is a function (i64): it has to be a function (i32) -> i32
  - the import `fd_wrong` from `wasi_snapshot_preview1` is not known here
  - the import `fd_write` from `wasi_unstable` is not known here
  - the import `frobnicate` from `env` is not known here
  - the import `send_message` from `env` is a global i32: it has to be a function (i32, i32, i32)
  - its memory starts with 67174400 bytes: a room may have 67108864
(in Rust, `#[jamsocket_wasm]` on the service's type makes these exports)"
    );
}

#[test]
fn names_that_would_play_tricks_on_a_terminal_are_made_visible() {
    let wat = echo().importing(r#"(import "e\1bv" "\1b[2J" (func))"#);
    let fault = r"the import `\u{1b}[2J` from `e\u{1b}v` is not known here";
    assert_eq!(faults(&wat), [fault]);
}

#[test]
fn a_great_many_faults_are_counted_and_not_all_listed() {
    let mut wat = echo();
    for n in 0..52 {
        wat = wat.importing(&format!(r#"(import "env" "unknown{n}" (func))"#));
    }
    let text = refusal(&wat).to_string();
    assert_eq!(text.lines().count(), 52);
    assert_eq!(text.lines().last(), Some("  - and 2 more"));
    assert_eq!(faults(&wat).len(), 52);
}

#[test]
fn an_empty_module_lacks_all_nine_exports() {
    let refused = Factory::from_bytes_in(&engine(), b"\0asm\x01\0\0\0").unwrap_err();
    let LoadError::Refused { faults, .. } = refused else { panic!("{refused}") };
    let missing = |fault: &InterfaceFault| match fault {
        InterfaceFault::MissingExport { name, .. } => name.clone(),
        other => panic!("{other}"),
    };
    assert_eq!(faults.iter().map(missing).collect::<Vec<_>>(), EXPORTS);
}

#[test]
fn each_mistyped_import_is_named_with_both_types() {
    for (name, expected) in [
        ("send_message", "a function (i32, i32, i32)"),
        ("send_binary", "a function (i32, i32, i32)"),
        ("set_timer", "a function (i32)"),
    ] {
        let import = format!(r#"(import "env" "{name}" (func (param i32 i32)))"#);
        let fault = format!(
            "the import `{name}` from `env` is a function (i32, i32): it has to be {expected}"
        );
        assert_eq!(faults(&echo().importing(&import)), [fault]);
    }
}

#[test]
fn what_wasi_offers_may_be_imported() {
    let wat = echo()
        .importing(
            r#"(import "wasi_snapshot_preview1" "fd_write"
                 (func (param i32 i32 i32 i32) (result i32)))"#,
        )
        .importing(
            r#"(import "wasi_snapshot_preview1" "clock_time_get"
                 (func (param i32 i64 i32) (result i32)))"#,
        )
        .importing(r#"(import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))"#);
    load(&wat).unwrap();
}

#[test]
fn the_addresses_of_versions_may_be_variable_but_are_i32() {
    for name in ["JAMSOCKET_API_VERSION", "JAMSOCKET_API_PROTOCOL"] {
        for ty in ["i32", "(mut i32)"] {
            let global = format!(r#"(global (export "{name}") {ty} (i32.const 0))"#);
            load(&echo().plus(&global)).unwrap();
        }
        let wrong = format!(r#"(global (export "{name}") i64 (i64.const 0))"#);
        let fault = format!("the export `{name}` is a global i64: it has to be a global i32");
        assert_eq!(faults(&echo().plus(&wrong)), [fault]);
    }
}

#[test]
fn a_memory_may_start_as_large_as_a_room_may_have_and_no_larger() {
    let memory =
        |pages: u32| echo().with("memory", &format!(r#"(memory (export "memory") {pages})"#));
    load(&memory(1024)).unwrap();
    assert_eq!(
        faults(&memory(1025)),
        ["its memory starts with 67174400 bytes: a room may have 67108864"]
    );
    assert_eq!(
        faults(&memory(65_536)),
        ["its memory starts with 4294967296 bytes: a room may have 67108864"]
    );
}

#[test]
fn a_table_may_start_as_large_as_a_room_may_have_and_no_larger() {
    let table = |elements: u32| echo().plus(&format!("(table {elements} funcref)"));
    load(&table(100_000)).unwrap();
    let refused = not_a_module(table(100_001).text().as_bytes());
    assert!(refused.contains("100001"), "{refused}");
    let refused = not_a_module(table(u32::MAX).text().as_bytes());
    assert!(refused.contains("4294967295"), "{refused}");
}

#[test]
fn a_module_may_be_as_large_as_the_limit_and_no_larger() {
    let text = echo().text();
    let load_within = |module_bytes| {
        let limits = GuestLimits { module_bytes, ..small() };
        Factory::from_bytes_in(&WasmEngine::with_limits(limits).unwrap(), text.as_bytes())
    };
    load_within(text.len()).unwrap();
    let refused = load_within(text.len() - 1).unwrap_err();
    let bound = text.len() - 1;
    assert_eq!(
        refused.to_string(),
        format!("the module is larger than the {bound} bytes that a module may have")
    );
}

#[test]
fn what_is_no_module_is_told_apart() {
    assert_eq!(not_a_module(b""), "it is empty");
    assert_eq!(not_a_module(b"\xFF\xFE"), "it is neither a binary module nor text");
    assert_eq!(
        not_a_module(b"\0asm\x0D\0\x01\0"),
        "it is a component; build a core module, which is what the target wasm32-wasip1 gives"
    );
    for (bytes, said) in [
        (b"\0asm".as_slice(), "unexpected end"),
        (b"\0asm\x02\0\0\0", "unknown binary version"),
        (b"\0asm\x01\0\0\0\x01", "unexpected end"),
        (b"hello", "expected `(`"),
        (b"(module (func (bogus)))", "unknown operator"),
        (b"(component)", "component"),
    ] {
        let reason = not_a_module(bytes);
        assert!(reason.contains(said), "{reason}");
    }
}

#[test]
fn proposals_that_guests_do_without_are_off() {
    let plus = |text: &str| echo().plus(text);
    let zeros = "(v128.const i64x2 0 0)";
    for (wat, said) in [
        (plus("(func (drop (i32.atomic.load (i32.const 0))))"), "threads"),
        (echo().with("memory", r#"(memory (export "memory") 1 1 shared)"#), "threads"),
        (echo().with("memory", r#"(memory (export "memory") i64 1)"#), "memory64"),
        (plus("(table i64 1 funcref)"), "memory64"),
        (plus("(memory 1)"), "multiple memories"),
        (plus("(type (struct))"), "gc"),
        (plus("(func (param i31ref))"), "gc"),
        (plus("(func (param externref))"), "gc types"),
        (plus("(type $t (func)) (func (param (ref $t)))"), "function references"),
        (plus("(tag)"), "exceptions"),
        (plus("(func try catch_all end)"), "exceptions"),
        (plus("(func $f (return_call $f))"), "tail calls"),
        (plus(&format!("(func (drop (i8x16.relaxed_swizzle {zeros} {zeros})))")), "relaxed SIMD"),
        (plus("(type $f (func)) (type (cont $f))"), "stack switching"),
        (
            echo().with("memory", r#"(memory (export "memory") 1 (pagesize 1))"#),
            "custom page sizes",
        ),
        (
            plus(
                "(func (result i64 i64) (i64.add128
                   (i64.const 0) (i64.const 0) (i64.const 0) (i64.const 0)))",
            ),
            "wide arithmetic",
        ),
    ] {
        let reason = not_a_module(wat.text().as_bytes());
        assert!(reason.contains(said), "{said}: {reason}");
    }
}

#[test]
fn what_compilers_emit_is_on() {
    for part in [
        "(func (param v128) (result i32) (i32x4.extract_lane 0 (local.get 0)))",
        "(func (memory.fill (i32.const 0) (i32.const 0) (i32.const 1)))",
        "(func (memory.copy (i32.const 0) (i32.const 8) (i32.const 1)))",
        "(func (param i32) (result i32) (i32.extend8_s (local.get 0)))",
        "(func (param f32) (result i32) (i32.trunc_sat_f32_s (local.get 0)))",
        "(func (result i32 i64) (i32.const 0) (i64.const 0))",
        "(table 2 funcref) (elem declare func $f) (func $f (table.set (i32.const 0) (ref.func $f)))",
        "(global i32 (i32.add (i32.const 1) (i32.const 2)))",
        r#"(global (export "stack_pointer") (mut i32) (i32.const 0))"#,
    ] {
        load(&echo().plus(part)).unwrap();
    }
}

#[test]
fn the_content_of_a_file_decides_and_not_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text.wasm");
    std::fs::write(&text, echo().text()).unwrap();
    Factory::new_in(&engine(), &text).unwrap();

    let binary = folder.path().join("binary.wat");
    std::fs::write(&binary, b"\0asm\x01\0\0\0").unwrap();
    let refused = Factory::new_in(&engine(), &binary).unwrap_err().to_string();
    let heading = format!("`{}` is not a Jamsocket service:", binary.display());
    assert_eq!(refused.lines().next(), Some(heading.as_str()));
}

#[test]
fn a_file_that_cannot_be_read_is_named_with_the_cause() {
    let folder = tempfile::tempdir().unwrap();
    let absent = folder.path().join("absent.wasm");
    for path in [absent.as_path(), folder.path()] {
        let unreadable = Factory::new_in(&engine(), path).unwrap_err();
        let text = format!("cannot read the module `{}`", path.display());
        assert_eq!(unreadable.to_string(), text);
        assert!(std::error::Error::source(&unreadable).is_some());
    }
}

#[test]
fn a_file_beyond_the_limit_is_not_read_to_its_end() {
    let limits = GuestLimits { module_bytes: 1 << 10, ..small() };
    let engine = WasmEngine::with_limits(limits).unwrap();
    // It never ends.
    let refused = Factory::new_in(&engine, "/dev/zero").unwrap_err();
    let text = "`/dev/zero` is larger than the 1024 bytes that a module may have";
    assert_eq!(refused.to_string(), text);
}

#[test]
fn a_module_that_takes_too_long_to_load_is_given_up() {
    // Some 2 MB of code, which no machine compiles in no time.
    let functions: String =
        (0..20_000).map(|n| format!("(func (drop (i32.const {n})))\n")).collect();
    let text = echo().plus(&functions).text();
    let load_within = |load_time| {
        let limits = GuestLimits { load_time, ..small() };
        Factory::from_bytes_in(&WasmEngine::with_limits(limits).unwrap(), text.as_bytes())
    };
    load_within(Duration::from_secs(300)).unwrap();
    for load_time in [Duration::ZERO, Duration::from_micros(1)] {
        let LoadError::TooSlow { module, limit } = load_within(load_time).unwrap_err() else {
            panic!()
        };
        assert_eq!((module.as_str(), limit), ("the module", load_time));
    }
}

#[cfg(unix)]
#[test]
fn a_file_that_does_not_come_to_its_end_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe.wasm");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let limits = GuestLimits { load_time: Duration::from_millis(1), ..small() };
    let given_up = Factory::new_in(&WasmEngine::with_limits(limits).unwrap(), &pipe).unwrap_err();
    assert!(matches!(given_up, LoadError::TooSlow { .. }), "{given_up}");
    // Who reads it comes to an end now.
    drop(std::fs::OpenOptions::new().write(true).open(&pipe).unwrap());
}

#[test]
fn factories_are_shown_by_their_module_and_share_it() {
    fn assert_context<C: JamsocketContext>(_: &WasmHostFactory<C>) {}
    let factory = load(&echo()).unwrap();
    let clone = factory.clone();
    assert_context(&clone);
    assert_eq!(format!("{clone:?}"), r#"WasmHostFactory { module: "the module", .. }"#);
    assert_eq!(clone.engine().rooms(), factory.engine().rooms());
}
