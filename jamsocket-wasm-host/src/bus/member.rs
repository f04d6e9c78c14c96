use super::{Call, CallError, CallToRoom, Callee, Grants, GuestCallee, hub::Inner, os};
use crate::{GuestLimits, log_lines::Log, program};
use jamsocket::{LogLevel, RoomCallError};
use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    },
};
use tokio::task::AbortHandle;

/// The module by which rooms are called in their instances, which are called `SERVICE/ROOM`.
const ROOM: &str = "room";

/// One guest, as the bus sees it: who it is, and what it may reach.
pub(crate) struct Member {
    pub(super) bus: Weak<Inner>,
    log: Log,
    pub(super) grants: Arc<Grants>,
    pub(super) limits: Arc<GuestLimits>,
    /// Whether programs that it runs may have the standard streams of this process.
    pub(super) has_console: bool,
    /// How often something was denied to it, and to the programs that it runs.
    denied: Arc<AtomicU64>,
    /// How many programs run for it, and for those.
    programs: Arc<AtomicU32>,
    /// How many requests and sockets to others are under way likewise.
    connections: Arc<AtomicU32>,
    /// They end with it.
    running: Mutex<Vec<AbortHandle>>,
    /// A room keeps its bus. What the bus itself has started does not.
    _kept: Option<Arc<Inner>>,
}

impl Member {
    pub(super) fn new(bus: &Arc<Inner>, log: Log, grants: Arc<Grants>, has_console: bool) -> Self {
        Self {
            bus: Arc::downgrade(bus),
            log,
            grants,
            limits: bus.limits.clone(),
            has_console,
            denied: Arc::default(),
            programs: Arc::default(),
            connections: Arc::default(),
            running: Mutex::default(),
            _kept: None,
        }
    }

    /// The same, and the bus is there for as long as this is.
    pub(super) fn keeping(mut self, bus: &Arc<Inner>) -> Self {
        self._kept = Some(bus.clone());
        self
    }

    /// A program that this one runs: it may reach the same.
    pub(super) fn child(&self, name: &str) -> Self {
        Self {
            bus: self.bus.clone(),
            log: program::log_of(name),
            grants: self.grants.clone(),
            limits: self.limits.clone(),
            has_console: self.has_console,
            denied: self.denied.clone(),
            programs: self.programs.clone(),
            connections: self.connections.clone(),
            running: Mutex::default(),
            _kept: None,
        }
    }

    /// Makes a call to the module of this name.
    ///
    /// # Errors
    ///
    /// There is none, or it cannot be called.
    pub(super) fn call(
        self: &Arc<Self>,
        module: &str,
        call: Call,
    ) -> Result<Box<dyn Callee>, CallError> {
        if module == os::NAME {
            return os::call(self, call);
        }
        let bus = self.bus.upgrade().ok_or(CallError::ABORTED)?;
        let program = bus.programs.get(module).ok_or(CallError::INVALID_WAPM)?;
        if !self.grants.programs.contains(module) {
            return Err(self.deny(format_args!("the program {module}")));
        }
        GuestCallee::call(&bus.serving(module, program), call)
    }

    /// Makes a call to the module of this name in an instance, which has to be a room's.
    ///
    /// # Errors
    ///
    /// There is no such room, it cannot be made, or cannot be called.
    pub(super) fn call_in(
        &self,
        Instance { name, token }: &Instance,
        module: &str,
        call: Call,
    ) -> Result<Box<dyn Callee>, CallError> {
        let room = name.split_once('/').filter(|_| module == ROOM);
        let Some((service, room)) = room else {
            let what =
                format_args!("{module} in the instance `{name}`: an instance is SERVICE/ROOM");
            return Err(self.deny(what));
        };
        if !self.grants.allow_room(service, room) {
            let grant = format_args!("`rooms` in `[bus]` or `--allow-room` grants that");
            return Err(self.deny(format_args!("a call to the room {name}: {grant}")));
        }
        let bus = self.bus.upgrade().ok_or(CallError::ABORTED)?;
        let rooms = bus.rooms.get().ok_or(CallError::INVALID_WAPM)?;
        let (call, callee) = CallToRoom::begin(call);
        match rooms.call(service, room, token, Box::new(call)) {
            Ok(()) => Ok(callee),
            Err(RoomCallError::WrongToken) => {
                let token =
                    format_args!("the call's token is not the `access_token` of its service");
                Err(self.deny(format_args!("a call to the room {name}: {token}")))
            }
            Err(other) => {
                self.log(LogLevel::Warn, &format!("the room {name} cannot be called: {other}"));
                Err(other.into())
            }
        }
    }

    /// How often the guest was denied what it called, and programs that it runs.
    pub(crate) fn denied(&self) -> u64 {
        self.denied.load(Relaxed)
    }

    /// Refuses something that was not granted, and says so.
    pub(super) fn deny(&self, what: fmt::Arguments<'_>) -> CallError {
        self.denied.fetch_add(1, Relaxed);
        if let Some(bus) = self.bus.upgrade() {
            bus.denied.fetch_add(1, Relaxed);
        }
        self.log(LogLevel::Warn, &format!("denied: {what}"));
        CallError::ACCESS_DENIED
    }

    /// Writes to the log, under the guest's name.
    pub(super) fn log(&self, level: LogLevel, text: &str) {
        (self.log)(level, text);
    }

    /// A place for another program.
    ///
    /// # Errors
    ///
    /// As many run as may.
    pub(super) fn begin_program(&self) -> Result<Place, CallError> {
        Place::among(&self.programs, self.limits.bus_programs)
    }

    /// A place for another request or socket.
    ///
    /// # Errors
    ///
    /// As many are under way as may.
    pub(super) fn begin_connection(&self) -> Result<Place, CallError> {
        Place::among(&self.connections, self.limits.bus_connections)
    }

    /// Has a task end with this guest.
    pub(super) fn end_with_me(&self, task: AbortHandle) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.retain(|task| !task.is_finished());
        running.push(task);
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let running = self.running.get_mut().unwrap_or_else(PoisonError::into_inner);
        running.iter().for_each(AbortHandle::abort);
    }
}

/// An instance, as a guest names it, and what it shows.
pub(super) struct Instance {
    pub(super) name: String,
    pub(super) token: String,
}

/// Without the token, which is a secret.
impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instance").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A place among those of a guest.
pub(super) struct Place(Arc<AtomicU32>);

impl Place {
    fn among(taken: &Arc<AtomicU32>, limit: u32) -> Result<Self, CallError> {
        let more = |taken: u32| (taken < limit).then_some(taken + 1);
        match taken.fetch_update(Relaxed, Relaxed, more) {
            Ok(_) => Ok(Self(taken.clone())),
            Err(_) => Err(CallError::MEMORY_ALLOCATION_FAILED),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}
