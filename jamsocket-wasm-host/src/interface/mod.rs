//! The guest interface as a table, and the check of a module against it.

mod check;
mod fault;
mod item;
mod words;

pub(crate) use check::{PAGE_BYTES, compare, faults};
pub use fault::InterfaceFault;
pub use item::InterfaceItem;

use std::fmt;
use wasmtime::ExternType;
use words::function_in_words;

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

pub(crate) const BUS_MALLOC: &str = "wasm_bus_malloc";
pub(crate) const BUS_START: &str = "wasm_bus_start";
pub(crate) const BUS_FINISH: &str = "wasm_bus_finish";
pub(crate) const BUS_ERROR: &str = "wasm_bus_error";
pub(crate) const BUS_DROP: &str = "wasm_bus_drop";

/// What a module exports that imports anything of the bus.
const BUS_EXPORTS: [Export; 5] = [
    required(BUS_MALLOC, Shape::Function(1, 1)),
    required(BUS_START, Shape::Function(6, 0)),
    required(BUS_FINISH, Shape::Function(3, 0)),
    required(BUS_ERROR, Shape::Function(2, 0)),
    required(BUS_DROP, Shape::Function(1, 0)),
];

const BUS_IMPORTS: [(&str, Shape); 12] = [
    ("handle", Shape::Function(0, 1)),
    ("callback", Shape::Function(4, 0)),
    ("call", Shape::Function(9, 1)),
    ("call_instance", Shape::Function(13, 1)),
    ("drop", Shape::Function(1, 0)),
    ("poll", Shape::Function(0, 0)),
    ("listen", Shape::Function(2, 0)),
    ("fork", Shape::Function(0, 0)),
    ("reply", Shape::Function(3, 0)),
    ("fault", Shape::Function(2, 0)),
    ("reply_callback", Shape::Function(5, 0)),
    ("thread_id", Shape::Function(0, 1)),
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
