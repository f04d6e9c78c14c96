use super::{Grants, Port, mailbox::Mailbox, member::Member};
use crate::{
    GuestLimits, WasmEngine,
    log_lines::Log,
    program::{self, Program, ProgramError},
    wasi,
};
use jamsocket::{LogLevel, RoomCaller};
use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};
use tokio::task::{AbortHandle, spawn};

/// What guests reach by the bus: programs by their names, rooms, and functions of the host's.
///
/// Nothing is open that was not granted. Clones are the same bus. Programs that serve end with the last
/// of them.
#[derive(Clone)]
pub struct Bus {
    inner: Arc<Inner>,
}

pub(super) struct Inner {
    engine: WasmEngine,
    pub(super) limits: Arc<GuestLimits>,
    pub(super) programs: HashMap<String, Program>,
    /// What brings calls to rooms, where there are any.
    pub(super) rooms: OnceLock<Arc<dyn RoomCaller>>,
    /// Programs that serve, by their names. Each is started by the first call to it.
    serving: Mutex<HashMap<String, Serving>>,
    /// How often something was denied.
    pub(super) denied: AtomicU64,
    /// What programs that serve may reach.
    grants: Arc<Grants>,
}

/// What the rooms of a service have of a bus.
#[derive(Clone)]
pub(crate) struct BusAccess {
    bus: Bus,
    grants: Arc<Grants>,
}

impl BusAccess {
    pub(crate) fn new(bus: Bus, grants: Grants) -> Self {
        Self { bus, grants: Arc::new(grants) }
    }

    /// The place of a room that has this log.
    pub(crate) fn port(&self, log: Log) -> Port {
        let member = Member::new(&self.bus.inner, log, self.grants.clone(), false);
        let member = member.keeping(&self.bus.inner);
        Port::new(member)
    }
}

struct Serving {
    mailbox: Arc<Mailbox>,
    task: AbortHandle,
}

impl Bus {
    /// A bus with these programs, by the names that they are called by. Those that are called may reach
    /// themselves what `grants` says.
    pub fn new(engine: &WasmEngine, programs: HashMap<String, Program>, grants: Grants) -> Self {
        let inner = Inner {
            engine: engine.clone(),
            limits: engine.shared_limits(),
            programs,
            rooms: OnceLock::new(),
            serving: Mutex::default(),
            denied: AtomicU64::new(0),
            grants: Arc::new(grants),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Has guests call the rooms that this leads to. Where it was set before, that stays.
    #[must_use]
    pub fn with_rooms(self, rooms: Arc<dyn RoomCaller>) -> Self {
        let _ = self.inner.rooms.set(rooms);
        self
    }

    /// The engine that it is made for.
    pub fn engine(&self) -> &WasmEngine {
        &self.inner.engine
    }

    /// How often a guest was denied what it asked for.
    pub fn denied(&self) -> u64 {
        self.inner.denied.load(Relaxed)
    }

    /// Runs a program to its end, with the standard streams of this process and what `grants` says.
    /// `arguments` begin with the program's name. Returns its exit code.
    ///
    /// It has to be on a Tokio runtime with I/O and timers.
    ///
    /// # Errors
    ///
    /// See [`ProgramError`].
    pub async fn run(
        &self,
        program: &Program,
        arguments: &[String],
        grants: Grants,
    ) -> Result<i32, ProgramError> {
        let wasi = wasi::sandbox().args(arguments).inherit_stdio().build_p1();
        let name = arguments.first().map_or("", String::as_str);
        let log = program::log_of(name);
        let member = Member::new(&self.inner, log, Arc::new(grants), true);
        let port = Port::new(member);
        program::run(program, program::Run { wasi, port, run_time: None }).await
    }
}

impl Inner {
    /// The mailbox of a program that serves, which is started where it does not run yet.
    pub(super) fn serving(self: &Arc<Self>, name: &str, program: &Program) -> Arc<Mailbox> {
        let mut serving = self.serving.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = serving.get(name)
            && !running.mailbox.is_closed()
        {
            return running.mailbox.clone();
        }
        let mailbox = Mailbox::new(&self.limits);
        let log = program::log_of(name);
        let member = Member::new(self, log.clone(), self.grants.clone(), false);
        let port = Port::at(mailbox.clone(), member);
        let wasi = program::serving_wasi(name, &log);
        let run_time = Some(self.limits.program_run_time);
        let program = program.clone();
        let task = spawn(async move {
            let run = program::Run { wasi, port, run_time };
            match program::run(&program, run).await {
                Ok(code) => log(LogLevel::Info, &format!("ended with code {code}")),
                Err(error) => log(LogLevel::Warn, &format!("ended: {error}")),
            }
        });
        let running = Serving { mailbox: mailbox.clone(), task: task.abort_handle() };
        serving.insert(name.to_owned(), running);
        mailbox
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let serving = self.serving.get_mut().unwrap_or_else(PoisonError::into_inner);
        serving.values().for_each(|program| program.task.abort());
    }
}

impl fmt::Debug for Bus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bus").field("programs", &self.inner.programs.keys()).finish_non_exhaustive()
    }
}
