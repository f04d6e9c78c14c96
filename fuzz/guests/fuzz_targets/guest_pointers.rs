//! Whatever a guest points at, an import takes what lies there or ends the guest, and no more is sent
//! than that.

#![no_main]

#[path = "../../../tests/fixtures/random-modules/src/imports.rs"]
mod imports;
#[path = "../src/runtime.rs"]
mod runtime;

use arbitrary::Arbitrary;
use imports::{ENV, WASI};
use jamsocket::{
    ClientId, JamsocketContext, JamsocketService as _, JamsocketServiceFactory as _,
    MessageRecipient,
};
use jamsocket_wasm_host::{GuestLimits, WasmEngine, WasmHostFactory};
use libfuzzer_sys::fuzz_target;
use std::{
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

const MEMORY: usize = 64 << 10;

/// What the guest's memory is full of: text, characters of several bytes, and everything else.
static CONTENT: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut state = 1_u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let text = "größer 😀, नमस्ते\n".bytes().cycle().take(MEMORY / 2);
    let mut content: Vec<u8> = text.collect();
    content.extend((0..MEMORY / 4).map(|_| noise()));
    content.resize(MEMORY, 0);
    content
});

static FACTORY: LazyLock<WasmHostFactory<Recorder>> = LazyLock::new(|| {
    let limits = GuestLimits {
        max_rooms: 1,
        memory_bytes: MEMORY,
        run_time: Duration::from_millis(20),
        wall_time: Duration::from_millis(20),
        ..GuestLimits::default()
    };
    let engine = WasmEngine::with_limits(limits).expect("there is an engine");
    WasmHostFactory::from_bytes_in(&engine, guest().as_bytes()).expect("it is a service")
});

/// A guest whose `connect` says where `jam_malloc` finds memory, and whose `binary` calls the import
/// of the number at the message's begin with the arguments in the rest of it, eight bytes each.
fn guest() -> String {
    let content: String = CONTENT.iter().map(|byte| format!("\\{byte:02x}")).collect();
    let mut calls = String::new();
    for (number, (name, params)) in ENV.iter().chain(&WASI).enumerate() {
        let arguments: String = params
            .split_whitespace()
            .enumerate()
            .map(|(n, ty)| format!("({ty}.load offset={} (local.get 1))", 8 * (n + 1)))
            .collect();
        let call = format!("(call ${name} {arguments})");
        let returns = WASI.iter().any(|(wasi, _)| wasi == name) && *name != "proc_exit";
        let call = if returns { format!("(drop {call})") } else { call };
        let number_matches = format!("(i32.eq (i32.load (local.get 1)) (i32.const {number}))");
        calls.push_str(&format!("(if {number_matches} (then {call} (return)))\n"));
    }
    format!(
        r#"(module {imports}
          (memory (export "memory") 1 1)
          (data (i32.const 0) "{content}")
          (global $place (mut i32) (i32.const 8))
          (func (export "jam_malloc") (param i32) (result i32) (global.get $place))
          (func (export "jam_free") (param i32 i32))
          (func (export "initialize") (param i32 i32))
          (func (export "connect") (param i32) (global.set $place (local.get 0)))
          (func (export "disconnect") (param i32))
          (func (export "timer"))
          (func (export "message") (param i32 i32 i32)
            (call $send_message (local.get 0) (local.get 1) (local.get 2)))
          (func (export "binary") (param i32 i32 i32) {calls}))"#,
        imports = imports::imports(),
    )
}

#[derive(Debug, Arbitrary)]
struct Input {
    /// What `jam_malloc` returns.
    place: Number,
    import: u8,
    arguments: [Number; 9],
}

/// Small numbers, numbers about the memory's end, and others.
#[derive(Debug, Clone, Copy, Arbitrary)]
enum Number {
    Small(u8),
    Inside(u16),
    AtTheEnd(i8),
    Negative(u8),
    Any(u64),
}

impl Number {
    fn value(self) -> u64 {
        match self {
            Number::Small(number) => number.into(),
            Number::Inside(number) => number.into(),
            Number::AtTheEnd(beside) => (MEMORY as u64).wrapping_add_signed(beside.into()),
            Number::Negative(number) => (number as u64).wrapping_neg(),
            Number::Any(number) => number,
        }
    }
}

/// What was sent: to whom, whether it is text, and what.
type Sent = (MessageRecipient, bool, Vec<u8>);

#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<(Vec<Sent>, Vec<u32>)>>);

impl Recorder {
    fn take(&self) -> (Vec<Sent>, Vec<u32>) {
        std::mem::take(&mut self.0.lock().expect("nobody panicked"))
    }
}

impl JamsocketContext for Recorder {
    fn send_message(&self, to: impl Into<MessageRecipient>, message: &str) {
        let sent = (to.into(), true, message.as_bytes().to_vec());
        self.0.lock().expect("nobody panicked").0.push(sent);
    }

    fn send_binary(&self, to: impl Into<MessageRecipient>, message: &[u8]) {
        let sent = (to.into(), false, message.to_vec());
        self.0.lock().expect("nobody panicked").0.push(sent);
    }

    fn set_timer(&self, ms_delay: u32) {
        self.0.lock().expect("nobody panicked").1.push(ms_delay);
    }
}

fuzz_target!(|input: Input| runtime::block_on(check(&input)));

async fn check(input: &Input) {
    let recorder = Recorder::default();
    let room = FACTORY.create("", recorder.clone()).await;
    let mut room = room.expect("the one before has left its place");

    // Ids of clients are of the host's making, so any number does.
    let place = input.place.value() as u32;
    room.connect(ClientId::from(place)).await.expect("it only takes note");

    let import = usize::from(input.import) % (ENV.len() + WASI.len());
    let arguments = input.arguments.map(Number::value);
    let mut message = (import as u64).to_le_bytes().to_vec();
    message.extend(arguments.iter().flat_map(|number| number.to_le_bytes()));
    let called = room.binary(ClientId::from(7), &message).await.is_ok();
    let (sent, timers) = recorder.take();

    let mut memory = CONTENT.clone();
    let fits = place > 0
        && part(&mut memory, place, message.len() as u32)
            .map(|lent| lent.copy_from_slice(&message))
            .is_some();
    let [to, pointer, len, ..] = arguments.map(|argument| argument as u32);
    let mut expected = (vec![], vec![]);
    let returns = match import {
        _ if !fits => false,
        0 | 1 => {
            let is_text = import == 0;
            let message = part(&mut memory, pointer, len).map(|message| message.to_vec());
            let message = message.filter(|m| !is_text || std::str::from_utf8(m).is_ok());
            let recipient = match to.cast_signed() {
                0 => MessageRecipient::Broadcast,
                1.. => MessageRecipient::Client(ClientId::from(to)),
                except => MessageRecipient::EveryoneExcept(ClientId::from(except.unsigned_abs())),
            };
            expected.0.extend(message.clone().map(|message| (recipient, is_text, message)));
            message.is_some()
        }
        2 => {
            expected.1.push(to);
            true
        }
        // What WASI does with its arguments is its own affair.
        _ => called,
    };
    assert_eq!((sent, timers), expected);
    assert_eq!(called, returns);

    let talks = room.message(ClientId::from(7), "hi").await.is_ok();
    assert_eq!(talks, called, "a guest goes on after a call that returned, and after no other");
}

fn part(memory: &mut [u8], pointer: u32, len: u32) -> Option<&mut [u8]> {
    let start = pointer as usize;
    memory.get_mut(start..start.checked_add(len as usize)?)
}
