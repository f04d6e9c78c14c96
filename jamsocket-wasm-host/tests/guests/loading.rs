use crate::support::{EXPORTS, Wat, echo, engine, load, load_bytes, refusal, small};
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
    match load_bytes(&engine(), bytes).unwrap_err() {
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
fn an_export_whose_type_is_wrong_in_one_value_is_refused() {
    for name in EXPORTS.into_iter().skip(1) {
        let (params, results) = match name {
            "jam_malloc" => (1, 1),
            "jam_free" | "initialize" => (2, 0),
            "connect" | "disconnect" => (1, 0),
            "timer" => (0, 0),
            _ => (3, 0),
        };
        let right = (vec!["i32"; params], vec!["i32"; results]);
        let mut wrong = vec![right.clone(), right.clone()];
        wrong[0].0.push("i32");
        wrong[1].1.push("i32");
        for n in 0..params {
            for ty in ["i64", "f32", "f64", "funcref", "v128"] {
                let mut mistyped = right.clone();
                mistyped.0[n] = ty;
                wrong.push(mistyped);
            }
            let mut short = right.clone();
            short.0.pop();
            wrong.push(short);
        }
        if results > 0 {
            wrong.extend([(right.0.clone(), vec![]), (right.0.clone(), vec!["i64"])]);
        }
        for (params, results) in wrong {
            let (params, results) = (params.join(" "), results.join(" "));
            let function = format!(
                r#"(func (export "{name}") (param {params}) (result {results}) unreachable)"#
            );
            let refused = faults(&echo().with(name, &function));
            let [fault] = &refused[..] else { panic!("{function}: {refused:?}") };
            assert!(fault.starts_with(&format!("the export `{name}` is a function (")), "{fault}");
        }
    }
}

#[test]
fn an_export_that_is_of_another_kind_is_refused() {
    for name in EXPORTS {
        for (kind, other) in [
            ("a global i32", format!(r#"(global (export "{name}") i32 (i32.const 0))"#)),
            ("a table", format!(r#"(table (export "{name}") 1 funcref)"#)),
            ("a memory", format!(r#"(export "{name}" (memory 0))"#)),
        ] {
            let mut wat = echo().with(name, &other);
            if name == "memory" {
                if kind == "a memory" {
                    continue;
                }
                wat = wat.plus("(memory 1)");
            }
            let [fault] = &faults(&wat)[..] else { panic!("{name} {kind}") };
            let begin = format!("the export `{name}` is {kind}: it has to be a ");
            assert!(fault.starts_with(&begin), "{fault}");
        }
    }
}

#[test]
fn nothing_but_functions_can_be_imported() {
    for (import, name) in [
        (r#"(import "env" "memory" (memory 1))"#, "memory"),
        (
            r#"(import "env" "__indirect_function_table" (table 1 funcref))"#,
            "__indirect_function_table",
        ),
        (r#"(import "env" "__stack_pointer" (global (mut i32)))"#, "__stack_pointer"),
    ] {
        let mut wat = echo().importing(import);
        if name == "memory" {
            wat = wat.with("memory", r#"(export "memory" (memory 0))"#);
        }
        assert_eq!(faults(&wat), [format!("the import `{name}` from `env` is not known here")]);
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
fn a_line_of_text_that_would_play_tricks_on_a_terminal_is_quoted_visibly() {
    let reason = not_a_module(b"(module\r\n  (bogus \x1b[2J))");
    assert!(reason.contains(r"2 |   (bogus \u{1b}[2J))"), "{reason}");
    assert!(!reason.contains(['\u{1b}', '\r']), "{reason}");
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
    let refused = load_bytes(&engine(), b"\0asm\x01\0\0\0").unwrap_err();
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
        load_bytes(&WasmEngine::with_limits(limits).unwrap(), text.as_bytes())
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

/// The index of the table in five bytes, as linkers write it.
#[test]
fn a_table_may_be_called_through_by_a_long_index() {
    // A type, a function of that type, a table, and `i32.const 0; call_indirect 0 0; end`.
    let module = |call_indirect: &[u8]| {
        let body = [&[0, 0x41, 0, 0x11, 0][..], call_indirect, &[0x0B]].concat();
        let len = u8::try_from(body.len()).unwrap();
        let code = [&[10, len + 2, 1, len][..], &body].concat();
        let before = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x04\x04\x01\x70\0\x01";
        [&before[..], &code].concat()
    };
    for index in [&[0][..], &[0x80, 0x80, 0x80, 0x80, 0]] {
        let refused = load_bytes(&engine(), &module(index)).unwrap_err();
        // It is a module, and lacks the exports.
        assert!(matches!(refused, LoadError::Refused { .. }), "{refused}");
    }
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

#[test]
fn factories_are_shown_by_their_module_and_share_it() {
    fn assert_context<C: JamsocketContext>(_: &WasmHostFactory<C>) {}
    let factory = load(&echo()).unwrap();
    let clone = factory.clone();
    assert_context(&clone);
    assert_eq!(format!("{clone:?}"), r#"WasmHostFactory { module: "the module", .. }"#);
    assert_eq!(clone.engine().rooms(), factory.engine().rooms());
}

#[test]
fn a_module_that_was_compiled_is_kept_for_the_next_engine() {
    let folder = tempfile::tempdir().unwrap();
    let kept = || {
        let names =
            std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        // Beside them there is a key.
        let mut kept: Vec<_> = names.filter(|name| name.len() == 64).collect();
        kept.sort();
        kept
    };
    let text = echo().text();
    let load = |text: &str| {
        let engine = WasmEngine::with_code_cache(small(), folder.path()).unwrap();
        Factory::from_bytes_in(&engine, text.as_bytes()).unwrap();
    };
    assert_eq!(kept(), [""; 0]);
    load(&text);
    let after_one = kept();
    // The engine has a module of its own.
    assert_eq!(after_one.len(), 2);
    load(&text);
    assert_eq!(kept(), after_one);
    load(&text.replace("4096", "8192"));
    assert_eq!(kept().len(), 3);
}
