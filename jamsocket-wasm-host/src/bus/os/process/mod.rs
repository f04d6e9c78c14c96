mod outlet;

use self::outlet::{Outlet, StdioMode, feed};
use super::wire::{queue, read, reply};
use crate::{
    bus::{Call, CallError, Callee, Caller, Member, Port, host_task::HostTask, member::Place},
    log_lines::Log,
    program::{self, Program},
    wasi,
};
use bytes::Bytes;
use jamsocket::LogLevel;
use serde::Deserialize;
use std::sync::Arc;
use tokio::{
    io::{AsyncWriteExt as _, SimplexStream, WriteHalf, simplex},
    sync::{Notify, mpsc},
};
use wasm_bus::SerializationFormat::Bincode;
use wasmtime_wasi::{WasiCtxBuilder, cli::AsyncStdinStream};

pub(super) const SPAWN: &str = "wasm_bus_process::api::PoolSpawnRequest";
const STDOUT: &str = "wasm_bus_process::api::PoolSpawnStdoutCallback";
const STDERR: &str = "wasm_bus_process::api::PoolSpawnStderrCallback";
const EXIT: &str = "wasm_bus_process::api::PoolSpawnExitCallback";
const STDIN: &str = "wasm_bus_process::api::ProcessStdinRequest";
const CLOSE_STDIN: &str = "wasm_bus_process::api::ProcessCloseStdinRequest";
const KILL: &str = "wasm_bus_process::api::ProcessKillRequest";
const WORK: &str = "wasm_bus_process::api::ProcessWorkRequest";
const FLUSH: &str = "wasm_bus_process::api::ProcessFlushRequest";

/// How many bytes of stdin wait for a program.
const STDIN_BYTES: usize = 64 << 10;

/// How many writes to stdin wait. One beyond fails.
const STDIN_WRITES: usize = 8;

/// The exit codes of programs that were killed, and that trapped, as shells have them for SIGKILL and
/// SIGABRT.
const KILLED: i32 = 137;
const TRAPPED: i32 = 134;

#[derive(Deserialize)]
struct SpawnRequest {
    spawn: Spawn,
}

#[derive(Deserialize)]
struct Spawn {
    path: String,
    args: Vec<String>,
    chroot: bool,
    working_dir: Option<String>,
    stdin_mode: StdioMode,
    stdout_mode: StdioMode,
    stderr_mode: StdioMode,
    pre_open: Vec<String>,
}

#[derive(Deserialize)]
struct StdinRequest {
    data: Vec<u8>,
}

/// The end of a program that a guest has who runs it.
struct Process {
    /// None where the program has no input, or its end has been told.
    stdin: Option<mpsc::Sender<(Vec<u8>, Caller)>>,
    kill: Arc<Notify>,
}

/// Runs a program, which becomes an object.
pub(super) fn spawn(member: &Arc<Member>, call: Call) -> Result<Box<dyn Callee>, CallError> {
    let SpawnRequest { spawn } = read(&call.request)?;
    let bus = member.bus.upgrade().ok_or(CallError::ABORTED)?;
    let program = bus.programs.get(&spawn.path).ok_or(CallError::INVALID_WAPM)?.clone();
    if !member.grants.programs.contains(&spawn.path) {
        return Err(member.deny(format_args!("the program {}", spawn.path)));
    }
    if spawn.chroot || spawn.working_dir.is_some() || !spawn.pre_open.is_empty() {
        return Err(member.deny(format_args!("files for the program {}", spawn.path)));
    }
    let place = member.begin_program()?;
    let kill = Arc::new(Notify::new());
    let mut wasi = wasi::sandbox();
    wasi.arg(&spawn.path).args(&spawn.args);
    let mut stdin = None;
    if spawn.stdin_mode == StdioMode::Piped {
        let (read, write) = simplex(STDIN_BYTES);
        let (writes, written) = mpsc::channel(STDIN_WRITES);
        stdin = Some(writes);
        member.end_with_me(tokio::spawn(write_stdin(write, written)).abort_handle());
        wasi.stdin(AsyncStdinStream::new(read));
    } else if spawn.stdin_mode == StdioMode::Inherit && member.has_console {
        wasi.inherit_stdin();
    }
    let log = program::log_of(&spawn.path);
    let outlet = |mode, level| Outlet::new(mode, member.has_console, &log, level);
    let stdout = outlet(spawn.stdout_mode, LogLevel::Info);
    let stdout = stdout.connect(&mut wasi, WasiCtxBuilder::inherit_stdout, WasiCtxBuilder::stdout);
    let stderr = outlet(spawn.stderr_mode, LogLevel::Warn);
    let stderr = stderr.connect(&mut wasi, WasiCtxBuilder::inherit_stderr, WasiCtxBuilder::stderr);
    let child = member.child(&spawn.path);
    let port = Port::new(child);
    let run_time = Some(member.limits.program_run_time);
    let run = program::Run { wasi: wasi.build_p1(), port, run_time };
    let mut caller = call.caller;
    // It has no value, and is there before the program has done anything.
    caller.reply(Vec::new());
    let running = Running { program, log, run, kill: kill.clone(), _place: place };
    let task = tokio::spawn(running.run(caller, stdout, stderr));
    member.end_with_me(task.abort_handle());
    Ok(Box::new(Process { stdin, kill }))
}

impl Callee for Process {
    fn call(&mut self, mut call: Call) -> Result<Box<dyn Callee>, CallError> {
        match &*call.topic {
            STDIN => {
                let StdinRequest { data } = read(&call.request)?;
                let stdin = self.stdin.as_ref().ok_or(CallError::INVALID_HANDLE)?;
                return queue(stdin, data, call.caller);
            }
            CLOSE_STDIN => self.stdin = None,
            KILL => self.kill.notify_one(),
            // A program works by itself, and what was written to it is on its way.
            WORK | FLUSH => {}
            _ => return Err(CallError::UNSUPPORTED),
        }
        call.caller.reply(Vec::new());
        Ok(HostTask::done())
    }
}

/// A program that a guest runs.
struct Running {
    program: Program,
    log: Log,
    run: program::Run,
    kill: Arc<Notify>,
    _place: Place,
}

impl Running {
    /// Runs it to its end, and tells the guest all outputs, then the exit code, and the end with it.
    async fn run(
        self,
        caller: Caller,
        stdout: Option<mpsc::Receiver<Bytes>>,
        stderr: Option<mpsc::Receiver<Bytes>>,
    ) {
        let Self { program, log, run, kill, _place } = self;
        let ended = async {
            tokio::select! {
                ended = program::run(&program, run) => ended.unwrap_or_else(|error| {
                    log(LogLevel::Warn, &format!("ended: {error}"));
                    TRAPPED
                }),
                () = kill.notified() => KILLED,
            }
        };
        let (code, (), ()) =
            tokio::join!(ended, feed(&caller, STDOUT, stdout), feed(&caller, STDERR, stderr));
        if let Ok(code) = Bincode.encode(&code) {
            caller.feed_and_close(EXIT.to_owned(), code);
        }
    }
}

/// Writes to a program's input what is asked for, until nobody can ask any more.
async fn write_stdin(
    mut stdin: WriteHalf<SimplexStream>,
    mut writes: mpsc::Receiver<(Vec<u8>, Caller)>,
) {
    while let Some((data, mut caller)) = writes.recv().await {
        // It fails once the program has ended, which is told otherwise.
        let taken = if stdin.write_all(&data).await.is_ok() { data.len() } else { 0 };
        reply(&mut caller, &taken);
    }
    // Dropping it would not be its end.
    let _ = stdin.shutdown().await;
}
