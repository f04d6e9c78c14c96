//! WASI preview 1 for guests that import it: clocks, randomness, and outputs that become log lines.
//! There are no files, no arguments, no environment and no network.

use crate::{
    log_lines::{Log, LogLines},
    stdout::Stdout,
};
use bytes::Bytes;
use jamsocket::LogLevel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wasmtime::{Engine, FuncType, Linker, Store};
use wasmtime_wasi::{
    WasiCtxBuilder, async_trait,
    p1::{self, WasiP1Ctx},
    p2::{OutputStream, Pollable, StreamResult},
};

/// The module that WASI's functions are imported from.
pub(crate) const MODULE: &str = "wasi_snapshot_preview1";

/// How many bytes one call of the host may copy out of the guest. It bounds how long a call can take,
/// as the guest's clock stands still in it.
pub(crate) const MAX_CALL_BYTES: usize = 4 << 20;

/// How many random bytes one call may ask for. They take a hundred times as long as a copy.
const MAX_RANDOM_BYTES: u64 = 256 << 10;

/// After how many bytes of output a guest has to let others have their turn, which no tick tells it
/// inside a call.
const TURN_BYTES: usize = 16 << 10;

/// WASI as every guest has it: clocks and randomness, but no network, files, arguments, environment, or
/// streams.
pub(crate) fn sandbox() -> WasiCtxBuilder {
    let mut wasi = WasiCtxBuilder::new();
    wasi.max_random_size(MAX_RANDOM_BYTES).allow_tcp(false).allow_udp(false);
    wasi
}

/// What one room's guest sees of WASI.
pub(crate) struct Wasi {
    pub(crate) ctx: WasiP1Ctx,
    stdout: Output,
    stderr: Output,
}

impl Wasi {
    /// WASI whose outputs go to this log: stdout as [`LogLevel::Info`], stderr as
    /// [`LogLevel::Warn`].
    pub(crate) fn new(log: &Log) -> Self {
        let stdout = Output::new(log, LogLevel::Info);
        let stderr = Output::new(log, LogLevel::Warn);
        let ctx =
            sandbox().stdout(Stdout(stdout.clone())).stderr(Stdout(stderr.clone())).build_p1();
        Self { ctx, stdout, stderr }
    }

    /// Ends lines that the guest has begun.
    pub(crate) fn flush(&self) {
        self.stdout.lines().flush();
        self.stderr.lines().flush();
    }
}

/// The functions of WASI, with their types.
pub(crate) struct Catalogue {
    linker: Linker<WasiP1Ctx>,
    store: Store<WasiP1Ctx>,
}

impl Catalogue {
    pub(crate) fn new(engine: &Engine) -> Self {
        let mut linker = Linker::new(engine);
        p1::add_to_linker_async(&mut linker, |ctx| ctx)
            .expect("an empty linker has no function of that name yet");
        let store = Store::new(engine, WasiCtxBuilder::new().build_p1());
        Self { linker, store }
    }

    /// The type of a function, if WASI has one of this name.
    pub(crate) fn function(&mut self, name: &str) -> Option<FuncType> {
        let function = self.linker.get(&mut self.store, MODULE, name);
        let function = function.ok()?.into_func()?;
        Some(function.ty(&self.store))
    }
}

/// One of the guest's outputs. Clones share its lines.
struct Output {
    lines: Arc<Mutex<LogLines>>,
    /// How much was written since the guest's last turn ended here.
    this_turn: usize,
}

impl Output {
    fn new(log: &Log, level: LogLevel) -> Self {
        let lines = LogLines::new(log.clone(), level);
        Self { lines: Arc::new(Mutex::new(lines)), this_turn: 0 }
    }

    fn lines(&self) -> MutexGuard<'_, LogLines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clone for Output {
    fn clone(&self) -> Self {
        Self { lines: Arc::clone(&self.lines), this_turn: 0 }
    }
}

impl OutputStream for Output {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.this_turn += bytes.len();
        self.lines().write(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        // To programs a flush is no end of a line.
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(MAX_CALL_BYTES)
    }
}

#[async_trait]
impl Pollable for Output {
    /// Comes before each piece that is written.
    async fn ready(&mut self) {
        if self.this_turn >= TURN_BYTES {
            self.this_turn = 0;
            tokio::task::yield_now().await;
        }
    }
}
