use crate::{
    bus::Caller,
    log_lines::Log,
    program::{self, Output},
    stdout::Stdout,
};
use bytes::Bytes;
use jamsocket::LogLevel;
use serde::Deserialize;
use tokio::sync::mpsc;
use wasm_bus::SerializationFormat::Bincode;
use wasmtime_wasi::WasiCtxBuilder;

/// What becomes of a program's input or of one of its outputs.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
pub(super) enum StdioMode {
    /// It is that of whoever runs the program.
    Piped,
    /// It is what they have themselves: their log, where they have no console.
    Inherit,
    Null,
    Log,
}

/// Where one of a program's outputs goes.
pub(super) enum Outlet {
    Console,
    Nothing,
    /// To whoever runs it, unless the log takes it.
    Pieces(Output, Option<mpsc::Receiver<Bytes>>),
}

impl Outlet {
    pub(super) fn new(mode: StdioMode, has_console: bool, log: &Log, level: LogLevel) -> Self {
        match mode {
            StdioMode::Null => Self::Nothing,
            StdioMode::Inherit if has_console => Self::Console,
            StdioMode::Piped => {
                let (output, pieces) = Output::new();
                Self::Pieces(output, Some(pieces))
            }
            StdioMode::Inherit | StdioMode::Log => {
                let (output, pieces) = Output::new();
                tokio::spawn(program::write_lines(log.clone(), level, pieces));
                Self::Pieces(output, None)
            }
        }
    }

    /// Gives the output to the program: by `inherit`, or by `set`. What is returned is for whoever runs
    /// it.
    pub(super) fn connect(
        self,
        wasi: &mut WasiCtxBuilder,
        inherit: impl FnOnce(&mut WasiCtxBuilder) -> &mut WasiCtxBuilder,
        set: impl FnOnce(&mut WasiCtxBuilder, Stdout<Output>) -> &mut WasiCtxBuilder,
    ) -> Option<mpsc::Receiver<Bytes>> {
        match self {
            Self::Console => {
                inherit(wasi);
                None
            }
            Self::Nothing => None,
            Self::Pieces(output, pieces) => {
                set(wasi, Stdout(output));
                pieces
            }
        }
    }
}

/// Feeds an output to whoever runs the program, until it ends.
pub(super) async fn feed(caller: &Caller, topic: &str, pieces: Option<mpsc::Receiver<Bytes>>) {
    let Some(mut pieces) = pieces else { return };
    while let Some(piece) = pieces.recv().await {
        let Ok(message) = Bincode.encode(&*piece) else { return };
        if !caller.feed(topic.to_owned(), message).await {
            return;
        }
    }
}
