//! How messages come into a guest: `jam_malloc`, the copy, the callback and `jam_free` in one call.
//!
//! Each call from the host switches stacks, which costs more than a small callback itself. So a
//! module of the host's own makes the guest's four steps of one call. It has neither memory nor state.

use crate::{
    interface::{BINARY, FREE, INITIALIZE, MALLOC, MESSAGE},
    memory::{self, PointerFault},
    room_state::RoomState,
};
use jamsocket::JamsocketContext;
use thiserror::Error;
use wasmtime::{Caller, Error, Extern, Func, Instance, Module, Store, TypedFunc};

/// The name that its functions have in a backtrace.
pub(crate) const NAME: &str = "jamsocket-handover";

/// Up to which size the space for a message on its way is kept for the next.
const KEPT_BYTES: usize = 4 << 10;

/// The module, as text. It is compiled once an engine.
pub(crate) const MODULE: &str = include_str!("handover.wat");

/// The calls of one guest that pass bytes in.
pub(crate) struct Handover {
    initialize: TypedFunc<u32, ()>,
    message: TypedFunc<(u32, u32), ()>,
    binary: TypedFunc<(u32, u32), ()>,
}

impl Handover {
    /// Stands before `guest`, whose memory is known to its state.
    pub(crate) async fn new<C: JamsocketContext>(
        module: &Module,
        guest: &Instance,
        store: &mut Store<RoomState<C>>,
    ) -> wasmtime::Result<Self> {
        let lend = Func::wrap(&mut *store, lend::<C>);
        let mut export = |name| {
            let export = guest.get_func(&mut *store, name);
            export.map(Extern::from).ok_or_else(|| Error::msg(format!("{name} is not exported")))
        };
        let imports = [
            export(MALLOC)?,
            export(FREE)?,
            export(INITIALIZE)?,
            export(MESSAGE)?,
            export(BINARY)?,
            lend.into(),
        ];
        let own = Instance::new_async(&mut *store, module, &imports).await?;
        Ok(Self {
            initialize: own.get_typed_func(&mut *store, INITIALIZE)?,
            message: own.get_typed_func(&mut *store, MESSAGE)?,
            binary: own.get_typed_func(&mut *store, BINARY)?,
        })
    }

    pub(crate) async fn initialize<C: JamsocketContext>(
        &self,
        store: &mut Store<RoomState<C>>,
        room_id: &str,
    ) -> wasmtime::Result<()> {
        let len = hold(store, room_id.as_bytes())?;
        self.initialize.call_async(store, len).await
    }

    pub(crate) async fn message<C: JamsocketContext>(
        &self,
        store: &mut Store<RoomState<C>>,
        client: u32,
        text: &str,
    ) -> wasmtime::Result<()> {
        let len = hold(store, text.as_bytes())?;
        self.message.call_async(store, (client, len)).await
    }

    pub(crate) async fn binary<C: JamsocketContext>(
        &self,
        store: &mut Store<RoomState<C>>,
        client: u32,
        bytes: &[u8],
    ) -> wasmtime::Result<()> {
        let len = hold(store, bytes)?;
        self.binary.call_async(store, (client, len)).await
    }
}

/// Keeps bytes until the guest has memory for them. Returns how many they are.
fn hold<C: JamsocketContext>(
    store: &mut Store<RoomState<C>>,
    bytes: &[u8],
) -> Result<u32, CallFault> {
    let len = u32::try_from(bytes.len()).map_err(|_| CallFault::TooLong(bytes.len()))?;
    let held = &mut store.data_mut().held;
    held.clear();
    held.shrink_to(KEPT_BYTES);
    held.extend_from_slice(bytes);
    Ok(len)
}

/// Writes what is held to where the guest's `jam_malloc` says.
fn lend<C: JamsocketContext>(
    mut caller: Caller<'_, RoomState<C>>,
    pointer: u32,
    len: u32,
) -> wasmtime::Result<()> {
    if pointer == 0 {
        return Err(CallFault::NoMemory(len).into());
    }
    let memory = caller.data().memory.ok_or_else(|| Error::msg("the guest has no memory yet"))?;
    // Taken only now: the guest may have grown its memory while it allocated.
    let (memory, state) = memory.data_and_store_mut(&mut caller);
    memory::bytes_mut(memory, pointer, len)
        .map_err(CallFault::BadAllocation)?
        .copy_from_slice(&state.held);
    Ok(())
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
