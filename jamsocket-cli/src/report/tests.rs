use super::*;
use jamsocket_wasm_host::{GuestLimits, ModuleReport, WasmEngine};
use serde_json::{Value, json};
use std::path::Path;

const GOOD: &str = r#"(module
  (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
  (import "env" "send_message" (func (param i32 i32 i32)))
  (memory (export "memory") 17 64)
  (table 3 funcref)
  (global (export "JAMSOCKET_API_VERSION") i32 (i32.const 0))
  (func (export "jam_malloc") (param i32) (result i32) (i32.const 1024))
  (func (export "jam_free") (param i32 i32))
  (func (export "initialize") (param i32 i32))
  (func (export "connect") (param i32))
  (func (export "disconnect") (param i32))
  (func (export "timer"))
  (func (export "message") (param i32 i32 i32))
  (func (export "binary") (param i32 i32 i32)))"#;

fn limits() -> GuestLimits {
    GuestLimits { max_rooms: 1, ..GuestLimits::default() }
}

fn report(module: &str) -> ModuleReport {
    ModuleReport::of_bytes(&WasmEngine::with_limits(limits()).unwrap(), module.as_bytes())
}

/// The report as it is without colours.
fn lines(module: &str) -> Vec<String> {
    let (report, limits) = (report(module), limits());
    let table = TableReport { report: &report, limits: &limits, help: Some("try again".into()) };
    anstream::adapter::strip_str(&table.to_string())
        .to_string()
        .lines()
        .map(str::to_owned)
        .collect()
}

fn json(module: &str) -> Value {
    let report = report(module);
    serde_json::to_value(JsonReport::new(Path::new("a.wasm"), &report)).unwrap()
}

#[test]
fn the_table_has_what_is_expected_beside_what_is_found() {
    let expected = "\
export or import          expected                found                   ok
exports:
  memory                  memory                  memory                  ok
  jam_malloc              (i32) -> i32            (i32) -> i32            ok
  jam_free                (i32, i32)              (i32, i32)              ok
  initialize              (i32, i32)              (i32, i32)              ok
  connect                 (i32)                   (i32)                   ok
  disconnect              (i32)                   (i32)                   ok
  timer                   ()                      ()                      ok
  message                 (i32, i32, i32)         (i32, i32, i32)         ok
  binary                  (i32, i32, i32)         (i32, i32, i32)         ok
  _initialize             () or nothing           nothing                 ok
  JAMSOCKET_API_VERSION   global i32 or nothing   global i32              ok
  JAMSOCKET_API_PROTOCOL  global i32 or nothing   nothing                 ok
env:
  send_message            (i32, i32, i32)         (i32, i32, i32)         ok
wasi_snapshot_preview1:
  fd_write                (i32, i32, i32, i32)    (i32, i32, i32, i32)    ok
                          -> i32                  -> i32

size    SIZE bytes; a module may have 16MiB
memory  17 pages (1088KiB), growing to 64 pages (4MiB); a room may have 64MiB
table   3 elements; a room may have 100000
serve   accepts it";
    let expected = expected.replace("SIZE", &GOOD.len().to_string());
    assert_eq!(lines(GOOD).join("\n"), expected);
}

#[test]
fn what_is_wrong_is_marked_in_the_table_and_counted_below_it() {
    let module = GOOD
        .replace("(func (export \"timer\"))", "")
        .replace("17 64", "1025")
        .replace("\"send_message\" (func (param i32 i32 i32))", "\"send_message\" (global i64)")
        .replace("fd_write", "frobnicate");
    let lines = lines(&module);
    let faults: Vec<_> = lines.iter().filter(|line| line.ends_with("fault")).collect();
    assert_eq!(
        faults,
        [
            "  timer                   ()                      nothing                 fault",
            "  send_message            (i32, i32, i32)         global i64              fault",
            "  frobnicate              nothing                 (i32, i32, i32, i32)    fault",
        ]
    );
    let verdict = lines.iter().position(|line| line.starts_with("serve")).unwrap();
    assert_eq!(
        lines[verdict..],
        [
            "serve   refuses it: it is not a Jamsocket service, for the 3 faults above",
            "        its memory starts with 67174400 bytes: a room may have 67108864",
            "        (in Rust, `#[jamsocket_wasm]` on the service's type makes its exports)",
            "        help: try again",
        ]
    );
}

#[test]
fn a_fault_that_is_not_in_the_table_is_a_reason_of_its_own() {
    let lines = lines(&GOOD.replace("17 64", "1025"));
    assert!(lines.iter().all(|line| !line.ends_with("fault")), "{lines:?}");
    let reason =
        "serve   refuses it: its memory starts with 67174400 bytes: a room may have 67108864";
    assert!(lines.contains(&reason.to_owned()), "{lines:?}");
}

#[test]
fn what_is_no_module_has_no_table_but_a_reason() {
    let lines = lines("(module (func (bogus)))");
    assert_eq!(lines[0], "size    23 bytes; a module may have 16MiB");
    let reason = "serve   refuses it: the module is not a WebAssembly module that can run here: ";
    assert!(lines[1].starts_with(reason), "{lines:?}");
    assert!(lines.iter().skip(2).all(|line| line.starts_with("        ")), "{lines:?}");
}

#[test]
fn a_memory_that_may_grow_without_end_and_one_page_are_told() {
    let has = |memory: &str, line: &str| {
        let lines = lines(&GOOD.replace("17 64", memory));
        assert!(lines.contains(&format!("memory  {line}; a room may have 64MiB")), "{lines:?}");
    };
    has("1", "1 page (64KiB)");
    has("0 1", "0 pages (0), growing to 1 page (64KiB)");
}

#[test]
fn no_line_of_the_table_is_longer_than_80_columns_whatever_names_there_are() {
    let import = |name: &str| {
        format!("(module (import \"{name}\" \"{name}\" (func (param i64 i64 i64 i64 i64 i64))) ")
    };
    for name in
        ["x".repeat(1000), "many words ".repeat(50), "日本語".repeat(100), r"\1b[2J\n\n".into()]
    {
        let lines = lines(&GOOD.replacen("(module", &import(&name), 1));
        let end = lines.iter().position(String::is_empty).unwrap();
        for line in &lines[..end] {
            let columns: usize = line.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum();
            assert!(columns <= 80 && !line.contains('\u{1b}'), "{line}");
        }
        let rows = lines[..end].iter().filter(|line| line.ends_with("fault")).count();
        assert_eq!(rows, 1, "{lines:?}");
    }
}

#[test]
fn as_many_rows_are_shown_as_are_readable_and_the_rest_is_counted() {
    // The 14 things of the good module come first.
    let with = |more: usize| {
        let import = |n| format!("(import \"z\" \"f{n}\" (func))");
        let imports: String = (0..more).map(import).collect();
        lines(&GOOD.replacen("(module", &format!("(module {imports}"), 1))
    };
    for (more, hidden) in [(186, None), (187, Some("and 1 more, which --json shows"))] {
        let lines = with(more);
        let count = lines.iter().find(|line| line.starts_with("and "));
        assert_eq!(count.map(String::as_str), hidden);
        assert_eq!(lines.iter().filter(|line| line.ends_with("fault")).count(), 186);
        let reason = format!("for the {more} faults above");
        assert!(lines.iter().any(|line| line.ends_with(&reason)), "{lines:?}");
    }
}

#[test]
fn words_are_coloured_and_nothing_else_of_a_row() {
    let report = report(&GOOD.replace("\"timer\"", "\"timber\""));
    let limits = limits();
    let text = TableReport { report: &report, limits: &limits, help: None }.to_string();
    let line = |name: &str| text.lines().find(|line| line.trim_start().starts_with(name)).unwrap();
    assert!(line("memory").ends_with("memory                  \u{1b}[1m\u{1b}[32mok\u{1b}[0m"));
    assert!(line("timer").ends_with("nothing                 \u{1b}[1m\u{1b}[31mfault\u{1b}[0m"));
}

#[test]
fn json_says_the_same_with_keys_that_stay() {
    let object = json(GOOD);
    let interface = object["interface"].as_array().unwrap();
    assert_eq!(interface.len(), 14);
    let expected = json!({
        "module": "a.wasm",
        "accepted": true,
        "reason": null,
        "size_bytes": GOOD.len(),
        "memory": {
            "initial_pages": 17,
            "initial_bytes": 17 << 16,
            "maximum_pages": 64,
            "maximum_bytes": 4 << 20,
        },
        "table_elements": 3,
        "interface": interface,
    });
    assert_eq!(object, expected);
    let memory = json!({
        "kind": "export", "module": null, "name": "memory", "required": true,
        "expected": "a memory", "found": "a memory", "ok": true,
    });
    let fd_write = json!({
        "kind": "import", "module": "wasi_snapshot_preview1", "name": "fd_write", "required": false,
        "expected": "a function (i32, i32, i32, i32) -> i32",
        "found": "a function (i32, i32, i32, i32) -> i32", "ok": true,
    });
    assert_eq!((&interface[0], &interface[12]), (&memory, &fd_write));
}

#[test]
fn json_says_why_a_module_is_refused() {
    let object = json(&GOOD.replace("\"fd_write\"", "\"frobnicate\"").replace("timer", "timber"));
    assert_eq!(object["accepted"], json!(false));
    let reason = object["reason"].as_str().unwrap();
    for fault in ["the export `timer` is missing", "the import `frobnicate`"] {
        assert!(reason.contains(fault), "{reason}");
    }
    let faults = object["interface"].as_array().unwrap().iter().filter(|item| item["ok"] == false);
    let faults: Vec<_> = faults.map(|item| (&item["name"], &item["found"])).collect();
    let function = json!("a function (i32, i32, i32, i32) -> i32");
    assert_eq!(faults, [(&json!("timer"), &Value::Null), (&json!("frobnicate"), &function)]);
    let nothing = json("");
    assert_eq!((&nothing["memory"], &nothing["interface"]), (&Value::Null, &json!([])));
    assert_eq!((&nothing["size_bytes"], &nothing["accepted"]), (&json!(0), &json!(false)));
}
