use crate::{
    budget::Budget,
    bus::{self, CallToRoom},
    handover::Handover,
    interface::{CONNECT, DISCONNECT, MEMORY, REACTOR_START, TIMER, VERSIONS},
    memory::{self, PointerFault},
    module::LinkedModule,
    room_state::RoomState,
};
use jamsocket::{JamsocketContext, RoomCall, RoomCallError, ServiceUsage};
use std::{
    any::Any,
    time::{Duration, Instant},
};
use thiserror::Error;
use wasmtime::{Error, Instance, Memory, Store, Trap, TypedFunc, WasmBacktrace};

/// How much a guest is told of the bus, and for how long, before others of its room have their turn. What
/// it does for others must not use up the time of one callback.
const BUS_TURN: usize = 64;
const BUS_TURN_TIME: Duration = Duration::from_millis(1);

/// One room's instance of a module.
pub(crate) struct Guest<C: JamsocketContext> {
    store: Store<RoomState<C>>,
    exports: Exports,
    handover: Handover,
}

/// A callback, with what the guest is told.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Callback<'a> {
    Connect(u32),
    Disconnect(u32),
    Timer,
    Message(u32, &'a str),
    Binary(u32, &'a [u8]),
    Resume,
}

/// The calls that pass no bytes in.
struct Exports {
    connect: TypedFunc<u32, ()>,
    disconnect: TypedFunc<u32, ()>,
    timer: TypedFunc<(), ()>,
}

impl<C: JamsocketContext> Guest<C> {
    /// Makes an instance and has it initialize itself.
    ///
    /// # Errors
    ///
    /// Fails with [`NoPlace`], with a [`StartFault`], and when the guest traps.
    pub(crate) async fn start(
        mut store: Store<RoomState<C>>,
        module: &LinkedModule<C>,
        room_id: &str,
    ) -> wasmtime::Result<Self> {
        store.set_epoch_deadline(1);
        let instantiated = module.instance_pre.instantiate_async(&mut store).await;
        let instance = instantiated.map_err(tell_want_of_place)?;
        let memory = instance
            .get_memory(&mut store, MEMORY)
            .ok_or_else(|| Error::msg("the guest exports no memory"))?;
        store.data_mut().memory = Some(memory);
        let exports = Exports::of(&instance, &mut store)?;
        let bus_exports = bus::Exports::of(&instance, memory, &mut store);
        if let Some(port) = store.data_mut().port() {
            port.exports = bus_exports;
        }
        check_versions(&instance, memory, &mut store)?;
        if let Some(start) = instance.get_func(&mut store, REACTOR_START) {
            let start = start.typed::<(), ()>(&store)?;
            start.call_async(&mut store, ()).await?;
        }
        let handover = Handover::new(module.engine.handover(), &instance, &mut store).await;
        let handover = handover.map_err(tell_want_of_place)?;
        handover.initialize(&mut store, room_id).await?;
        store.data().flush_log();
        let mut guest = Self { store, exports, handover };
        guest.ask_to_resume();
        Ok(guest)
    }

    /// Runs one callback. After an error the guest must not be called again.
    pub(crate) async fn call(
        &mut self,
        callback: Callback<'_>,
        budget: Budget,
    ) -> wasmtime::Result<()> {
        self.store.data_mut().begin_callback(budget);
        self.store.set_epoch_deadline(1);
        match callback {
            Callback::Connect(client) => {
                let connect = &self.exports.connect;
                connect.call_async(&mut self.store, client).await?;
            }
            Callback::Disconnect(client) => {
                let disconnect = &self.exports.disconnect;
                disconnect.call_async(&mut self.store, client).await?;
            }
            Callback::Timer => self.exports.timer.call_async(&mut self.store, ()).await?,
            Callback::Message(client, text) => {
                self.handover.message(&mut self.store, client, text).await?;
            }
            Callback::Binary(client, bytes) => {
                self.handover.binary(&mut self.store, client, bytes).await?;
            }
            Callback::Resume => self.tell().await?,
        }
        self.store.data().flush_log();
        self.ask_to_resume();
        Ok(())
    }

    /// Tells the guest what waits for it on the bus, but no more than does for a turn.
    async fn tell(&mut self) -> wasmtime::Result<()> {
        let began = Instant::now();
        for _ in 0..BUS_TURN {
            let Some(port) = self.store.data_mut().port() else { break };
            let Some(next) = port.desk.next() else { break };
            bus::deliver(&mut self.store, next).await?;
            if began.elapsed() >= BUS_TURN_TIME {
                break;
            }
        }
        Ok(())
    }

    /// Where something still waits for the guest on the bus, has it resumed.
    fn ask_to_resume(&mut self) {
        if self.store.data_mut().port().is_some_and(|port| port.desk.has_more()) {
            self.store.data().context.waker().wake();
        }
    }

    /// Takes a call in, which the guest is told of when it resumes.
    pub(crate) fn take_call(&mut self, call: Box<dyn RoomCall>) {
        // Whoever has one has the exports as well, or would not have been loaded.
        let Some(port) = self.store.data_mut().port() else {
            return call.refuse(RoomCallError::NotCallable);
        };
        // One of another host's is dropped, which refuses it.
        if let Ok(call) = (call as Box<dyn Any>).downcast::<CallToRoom>() {
            call.arrive(&port.mailbox);
        }
    }

    /// Ends the calls of others that are open.
    pub(crate) fn end_open_calls(&mut self) {
        if let Some(port) = self.store.data_mut().port() {
            port.desk.end_open_calls();
        }
    }

    /// What the guest uses of what is bounded, and what is open of it.
    pub(crate) fn usage(&self) -> ServiceUsage {
        self.store.data().usage()
    }
}

impl Exports {
    fn of<T: 'static>(instance: &Instance, store: &mut Store<T>) -> wasmtime::Result<Self> {
        Ok(Self {
            connect: instance.get_typed_func(&mut *store, CONNECT)?,
            disconnect: instance.get_typed_func(&mut *store, DISCONNECT)?,
            timer: instance.get_typed_func(&mut *store, TIMER)?,
        })
    }
}

/// Why a guest cannot be used, although its exports are right.
#[derive(Debug, PartialEq, Eq, Error)]
pub(crate) enum StartFault {
    #[error(
        "the module is made for another Jamsocket: its {name} is {found}, and has to be {expected}"
    )]
    WrongVersion { name: &'static str, found: i32, expected: i32 },
    #[error("the module's {name} is not in its memory: {fault}")]
    NoVersion { name: &'static str, fault: PointerFault },
}

/// The pool, or the machine, has no place for another instance.
#[derive(Debug, Error)]
#[error("there is no place for another instance")]
pub(crate) struct NoPlace;

/// Marks an error of instantiation as [`NoPlace`], unless it is the guest's own.
pub(crate) fn tell_want_of_place(error: Error) -> Error {
    if error.is::<Trap>() || error.is::<WasmBacktrace>() { error } else { error.context(NoPlace) }
}

fn check_versions<T: 'static>(
    instance: &Instance,
    memory: Memory,
    store: &mut Store<T>,
) -> wasmtime::Result<()> {
    for (name, expected) in VERSIONS {
        let Some(global) = instance.get_global(&mut *store, name) else {
            continue;
        };
        let address = global.get(&mut *store).i32().map(i32::cast_unsigned);
        let address = address.ok_or_else(|| Error::msg(format!("{name} is not a global i32")))?;
        match memory::read_i32(memory.data(&*store), address) {
            Ok(found) if found == expected => {}
            Ok(found) => {
                let fault = StartFault::WrongVersion { name, found, expected };
                return Err(fault.into());
            }
            Err(fault) => return Err(StartFault::NoVersion { name, fault }.into()),
        }
    }
    Ok(())
}
