use jamsocket::{JamsocketContext, JamsocketServiceFactory, LogLevel, MessageRecipient};
use jamsocket_wasm_host::{
    GuestLimits, LoadError, ModuleReport, WasmEngine, WasmHostFactory, WasmService,
};
use std::{
    fmt::Debug,
    sync::{Arc, Mutex},
    time::Duration,
};

/// Every export that a guest must have.
pub(crate) const EXPORTS: [&str; 9] = [
    "memory",
    "jam_malloc",
    "jam_free",
    "initialize",
    "connect",
    "disconnect",
    "timer",
    "message",
    "binary",
];

/// The parts of a correct guest that sends each message back to who sent it.
const CORRECT: [(&str, &str); 10] = [
    (
        "imports",
        r#"(import "env" "send_message" (func $send_message (param i32 i32 i32)))
           (import "env" "send_binary" (func $send_binary (param i32 i32 i32)))
           (import "env" "set_timer" (func $set_timer (param i32)))"#,
    ),
    ("memory", r#"(memory (export "memory") 1)"#),
    ("jam_malloc", r#"(func (export "jam_malloc") (param i32) (result i32) (i32.const 4096))"#),
    ("jam_free", r#"(func (export "jam_free") (param i32 i32))"#),
    ("initialize", r#"(func (export "initialize") (param i32 i32))"#),
    ("connect", r#"(func (export "connect") (param i32))"#),
    ("disconnect", r#"(func (export "disconnect") (param i32))"#),
    ("timer", r#"(func (export "timer"))"#),
    (
        "message",
        r#"(func (export "message") (param i32 i32 i32)
             (call $send_message (local.get 0) (local.get 1) (local.get 2)))"#,
    ),
    (
        "binary",
        r#"(func (export "binary") (param i32 i32 i32)
             (call $send_binary (local.get 0) (local.get 1) (local.get 2)))"#,
    ),
];

/// A guest in text form.
#[derive(Clone)]
pub(crate) struct Wat {
    parts: Vec<(&'static str, String)>,
}

/// A correct guest that sends each message back to who sent it.
pub(crate) fn echo() -> Wat {
    let parts = CORRECT.map(|(name, text)| (name, text.to_owned()));
    Wat { parts: parts.to_vec() }
}

impl Wat {
    /// Puts this text in the place of a part.
    #[track_caller]
    pub(crate) fn with(mut self, part: &str, text: &str) -> Self {
        let found = self.parts.iter_mut().find(|(name, _)| *name == part);
        found.unwrap().1 = text.to_owned();
        self
    }

    /// Leaves a part out.
    #[track_caller]
    pub(crate) fn without(self, part: &str) -> Self {
        self.with(part, "")
    }

    /// Adds something that is no import.
    pub(crate) fn plus(mut self, text: &str) -> Self {
        self.parts.push(("", text.to_owned()));
        self
    }

    /// Adds an import.
    pub(crate) fn importing(mut self, text: &str) -> Self {
        self.parts.insert(0, ("", text.to_owned()));
        self
    }

    /// Gives a callback this body. Its parameters are `$0`, `$1` and `$2`, as far as it has them.
    #[track_caller]
    pub(crate) fn doing(self, callback: &str, body: &str) -> Self {
        let params = match callback {
            "connect" | "disconnect" => "(param i32)",
            "timer" => "",
            "initialize" | "jam_free" => "(param i32 i32)",
            "jam_malloc" => "(param i32) (result i32)",
            _ => "(param i32 i32 i32)",
        };
        let function = format!(r#"(func ${callback} (export "{callback}") {params} {body})"#);
        self.with(callback, &function)
    }

    pub(crate) fn text(&self) -> String {
        let parts: Vec<&str> = self.parts.iter().map(|(_, text)| text.as_str()).collect();
        format!("(module $guest {})", parts.join("\n"))
    }
}

/// Limits that a test reaches soon.
pub(crate) fn small() -> GuestLimits {
    GuestLimits { max_rooms: 4, run_time: Duration::from_millis(20), ..GuestLimits::default() }
}

/// Limits whose times a test does not reach, however slow the machine is.
pub(crate) fn patient() -> GuestLimits {
    let long = Duration::from_secs(60);
    GuestLimits { run_time: long, wall_time: long, ..small() }
}

/// An engine with [`small`] limits.
pub(crate) fn engine() -> WasmEngine {
    WasmEngine::with_limits(small()).unwrap()
}

/// Loads a guest on an engine of its own.
#[track_caller]
pub(crate) fn load(wat: &Wat) -> Result<WasmHostFactory<Recorder>, LoadError> {
    load_bytes(&engine(), wat.text().as_bytes())
}

/// Loads a module, and sees to it that a report of it says the same.
#[track_caller]
pub(crate) fn load_bytes(
    engine: &WasmEngine,
    bytes: &[u8],
) -> Result<WasmHostFactory<Recorder>, LoadError> {
    let report = ModuleReport::of_bytes(engine, bytes);
    let loaded = WasmHostFactory::from_bytes_in(engine, bytes);
    let refusal = loaded.as_ref().err().map(LoadError::to_string);
    assert_eq!(report.refusal.as_ref().map(LoadError::to_string), refusal);
    assert_eq!(report.is_accepted(), refusal.is_none());
    loaded
}

/// Why a guest is not loaded.
#[track_caller]
pub(crate) fn refusal(wat: &Wat) -> LoadError {
    load(wat).unwrap_err()
}

/// A room of this guest, on an engine of its own, and what it does.
pub(crate) async fn room(wat: &Wat) -> (WasmService<Recorder>, Recorder) {
    room_of(&load(wat).unwrap()).await
}

/// Loads a guest on an engine of its own with these limits.
pub(crate) fn load_within(limits: GuestLimits, wat: &Wat) -> WasmHostFactory<Recorder> {
    let engine = WasmEngine::with_limits(limits).unwrap();
    WasmHostFactory::from_bytes_in(&engine, wat.text().as_bytes()).unwrap()
}

/// A room of this guest, on an engine of its own with these limits, and what it does.
pub(crate) async fn room_within(
    limits: GuestLimits,
    wat: &Wat,
) -> (WasmService<Recorder>, Recorder) {
    room_of(&load_within(limits, wat)).await
}

/// A room of this factory, called `room`, and what it does.
pub(crate) async fn room_of(
    factory: &WasmHostFactory<Recorder>,
) -> (WasmService<Recorder>, Recorder) {
    let recorder = Recorder::default();
    let room = factory.create("room", recorder.clone()).await;
    (room.unwrap(), recorder)
}

/// Why a room of this guest cannot be started: the text of the error's source, and what the guest
/// did before.
pub(crate) async fn failed_start(wat: &Wat) -> (String, Recorder) {
    let recorder = Recorder::default();
    let failed = load(wat).unwrap().create("room", recorder.clone()).await;
    match failed.unwrap_err() {
        jamsocket::BuildError::Failed(cause) => (cause.to_string(), recorder),
        other => panic!("{other}"),
    }
}

/// A context that writes down what the service does.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recorder(Arc<Mutex<Vec<String>>>);

impl Recorder {
    /// What has happened since the last time.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    fn push(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }

    fn sent(&self, recipient: impl Into<MessageRecipient>, message: &dyn Debug) {
        let recipient = match recipient.into() {
            MessageRecipient::Broadcast => "everyone".to_owned(),
            MessageRecipient::Client(id) => format!("{id}"),
            MessageRecipient::EveryoneExcept(id) => format!("everyone but {id}"),
        };
        self.push(format!("to {recipient}: {message:?}"));
    }
}

impl JamsocketContext for Recorder {
    fn send_message(&self, recipient: impl Into<MessageRecipient>, message: &str) {
        self.sent(recipient, &message);
    }

    fn send_binary(&self, recipient: impl Into<MessageRecipient>, message: &[u8]) {
        self.sent(recipient, &message);
    }

    fn set_timer(&self, ms_delay: u32) {
        self.push(format!("timer {ms_delay}"));
    }

    fn log(&self, level: LogLevel, line: &str) {
        self.push(format!("{level:?}: {line}"));
    }
}
