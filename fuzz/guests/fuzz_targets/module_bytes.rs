//! Bytes that are a module, were one, or never will be: they are loaded or refused, and what is
//! loaded keeps to its bounds.

#![no_main]

#[path = "../src/runtime.rs"]
mod runtime;
#[path = "../../../jamsocket-wasm-host/tests/guests/stranger.rs"]
mod stranger;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static ENGINE: LazyLock<jamsocket_wasm_host::WasmEngine> = LazyLock::new(stranger::engine);

/// A correct module.
static CORRECT: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let text = r#"(module
      (import "env" "send_message" (func $send_message (param i32 i32 i32)))
      (import "wasi_snapshot_preview1" "fd_write"
        (func $fd_write (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (table 2 funcref)
      (elem (i32.const 0) $jam_malloc $jam_malloc)
      (global $at (mut i32) (i32.const 4096))
      (global (export "JAMSOCKET_API_VERSION") i32 (i32.const 1024))
      (data (i32.const 1024) "\01\00\00\00")
      (func $jam_malloc (export "jam_malloc") (param i32) (result i32) (global.get $at))
      (func (export "jam_free") (param i32 i32))
      (func (export "initialize") (param i32 i32))
      (func (export "connect") (param i32))
      (func (export "disconnect") (param i32))
      (func (export "timer") (loop (br_if 0 (i32.eqz (memory.grow (i32.const 1))))))
      (func (export "binary") (param i32 i32 i32))
      (func (export "message") (param i32 i32 i32)
        (drop (call $fd_write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 0)))
        (call $send_message (local.get 0) (local.get 1)
          (call_indirect (param i32) (result i32) (local.get 2) (i32.const 1)))))"#;
    wat::parse_str(text).expect("it is a module")
});

#[derive(Debug, Arbitrary)]
enum Input<'a> {
    Raw(&'a [u8]),
    /// What a correct module may turn into on its way.
    Damaged(Vec<Damage>),
}

#[derive(Debug, Arbitrary)]
enum Damage {
    Cut { at: u16 },
    Change { at: u16, to: u8 },
    Insert { at: u16, bytes: Vec<u8> },
    Remove { at: u16, count: u8 },
}

fuzz_target!(|input: Input<'_>| {
    let bytes = match input {
        Input::Raw(bytes) => bytes.to_vec(),
        Input::Damaged(damages) => {
            let mut bytes = CORRECT.clone();
            damages.iter().for_each(|damage| damage.to(&mut bytes));
            bytes
        }
    };
    runtime::block_on(stranger::live(&ENGINE, &bytes));
});

impl Damage {
    fn to(&self, bytes: &mut Vec<u8>) {
        let inside = |at: u16| usize::from(at) % (bytes.len() + 1);
        match self {
            Damage::Cut { at } => bytes.truncate(inside(*at)),
            Damage::Change { at, to } => {
                let at = inside(*at);
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = *to;
                }
            }
            Damage::Insert { at, bytes: more } => {
                let at = inside(*at);
                bytes.splice(at..at, more.iter().copied());
            }
            Damage::Remove { at, count } => {
                let at = inside(*at);
                let end = bytes.len().min(at + usize::from(*count));
                bytes.drain(at..end);
            }
        }
    }
}
