use crate::{
    budget::Budget,
    interface::{
        BINARY, CONNECT, DISCONNECT, FREE, INITIALIZE, MALLOC, MEMORY, MESSAGE, REACTOR_START,
        TIMER, VERSIONS,
    },
    memory::{self, PointerFault},
    module::LinkedModule,
    room_state::RoomState,
};
use jamsocket::JamsocketContext;
use thiserror::Error;
use wasmtime::{Error, Instance, Memory, Store, Trap, TypedFunc, WasmBacktrace};

/// The address that goes with an empty message, which needs no memory.
const NOWHERE: u32 = 1;

/// One room's instance of a module.
pub(crate) struct Guest<C: JamsocketContext> {
    store: Store<RoomState<C>>,
    memory: Memory,
    exports: Exports,
}

/// A callback, with what the guest is told.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Callback<'a> {
    Connect(u32),
    Disconnect(u32),
    Timer,
    Message(u32, &'a str),
    Binary(u32, &'a [u8]),
}

struct Exports {
    malloc: TypedFunc<u32, u32>,
    free: TypedFunc<(u32, u32), ()>,
    connect: TypedFunc<u32, ()>,
    disconnect: TypedFunc<u32, ()>,
    timer: TypedFunc<(), ()>,
    message: TypedFunc<(u32, u32, u32), ()>,
    binary: TypedFunc<(u32, u32, u32), ()>,
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
        let exports = Exports::of(&instance, &mut store)?;
        check_versions(&instance, memory, &mut store)?;
        let mut guest = Self { store, memory, exports };
        if let Some(start) = instance.get_func(&mut guest.store, REACTOR_START) {
            let start = start.typed::<(), ()>(&guest.store)?;
            start.call_async(&mut guest.store, ()).await?;
        }
        let initialize = instance.get_typed_func::<(u32, u32), ()>(&mut guest.store, INITIALIZE)?;
        let (pointer, len) = guest.lend(room_id.as_bytes()).await?;
        initialize.call_async(&mut guest.store, (pointer, len)).await?;
        guest.take_back(pointer, len).await?;
        guest.store.data().flush_log();
        Ok(guest)
    }

    /// Runs one callback. After an error the guest must not be called again.
    pub(crate) async fn call(
        &mut self,
        callback: Callback<'_>,
        budget: Budget,
    ) -> wasmtime::Result<()> {
        self.store.data_mut().budget = budget;
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
                let (pointer, len) = self.lend(text.as_bytes()).await?;
                let message = &self.exports.message;
                message.call_async(&mut self.store, (client, pointer, len)).await?;
                self.take_back(pointer, len).await?;
            }
            Callback::Binary(client, bytes) => {
                let (pointer, len) = self.lend(bytes).await?;
                let binary = &self.exports.binary;
                binary.call_async(&mut self.store, (client, pointer, len)).await?;
                self.take_back(pointer, len).await?;
            }
        }
        self.store.data().flush_log();
        Ok(())
    }

    /// Copies bytes into memory that the guest allocates for them. Returns where they are.
    async fn lend(&mut self, bytes: &[u8]) -> wasmtime::Result<(u32, u32)> {
        if bytes.is_empty() {
            return Ok((NOWHERE, 0));
        }
        let len = u32::try_from(bytes.len()).map_err(|_| CallFault::TooLong(bytes.len()))?;
        let malloc = &self.exports.malloc;
        let pointer = malloc.call_async(&mut self.store, len).await?;
        if pointer == 0 {
            return Err(CallFault::NoMemory(len).into());
        }
        // Taken only now: the guest may have grown its memory while it allocated.
        let memory = self.memory.data_mut(&mut self.store);
        memory::bytes_mut(memory, pointer, len)
            .map_err(CallFault::BadAllocation)?
            .copy_from_slice(bytes);
        Ok((pointer, len))
    }

    /// Gives memory back to the guest that [`lend`](Self::lend) took.
    async fn take_back(&mut self, pointer: u32, len: u32) -> wasmtime::Result<()> {
        if len > 0 {
            let free = &self.exports.free;
            free.call_async(&mut self.store, (pointer, len)).await?;
        }
        Ok(())
    }
}

impl Exports {
    fn of<T: 'static>(instance: &Instance, store: &mut Store<T>) -> wasmtime::Result<Self> {
        Ok(Self {
            malloc: instance.get_typed_func(&mut *store, MALLOC)?,
            free: instance.get_typed_func(&mut *store, FREE)?,
            connect: instance.get_typed_func(&mut *store, CONNECT)?,
            disconnect: instance.get_typed_func(&mut *store, DISCONNECT)?,
            timer: instance.get_typed_func(&mut *store, TIMER)?,
            message: instance.get_typed_func(&mut *store, MESSAGE)?,
            binary: instance.get_typed_func(&mut *store, BINARY)?,
        })
    }
}

/// Why the host ends a guest that did not trap.
#[derive(Debug, Error)]
enum CallFault {
    #[error("jam_malloc had no memory for {0} bytes: it returned 0")]
    NoMemory(u32),
    #[error("jam_malloc returned memory that is not there: {0}")]
    BadAllocation(PointerFault),
    #[error("a message of {0} bytes does not fit into a guest's memory")]
    TooLong(usize),
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
fn tell_want_of_place(error: Error) -> Error {
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
