use crate::{
    interface::{ENV, SEND_BINARY, SEND_MESSAGE, SET_TIMER},
    memory::{self, PointerFault, memory_of},
    room_state::RoomState,
};
use jamsocket::{JamsocketContext, MessageRecipient};
use thiserror::Error;
use wasmtime::{Caller, Linker};

/// Offers guests the functions of the interface that they import.
///
/// # Errors
///
/// Fails where the linker has one of them already.
pub(crate) fn add_to_linker<C: JamsocketContext>(
    linker: &mut Linker<RoomState<C>>,
) -> wasmtime::Result<()> {
    linker.func_wrap(ENV, SEND_MESSAGE, send_message::<C>)?;
    linker.func_wrap(ENV, SEND_BINARY, send_binary::<C>)?;
    linker.func_wrap(ENV, SET_TIMER, set_timer::<C>)?;
    Ok(())
}

/// A guest called an import with something that it must not. It ends the guest as a trap does.
#[derive(Debug, Error)]
#[error("{import}: {fault}")]
struct BadCall {
    import: &'static str,
    fault: PointerFault,
}

fn send_message<C: JamsocketContext>(
    mut caller: Caller<'_, RoomState<C>>,
    recipient: i32,
    pointer: u32,
    len: u32,
) -> wasmtime::Result<()> {
    let (memory, state) = memory_of(&mut caller)?.data_and_store_mut(&mut caller);
    let message = memory::text(memory, pointer, len)
        .map_err(|fault| BadCall { import: SEND_MESSAGE, fault })?;
    let recipient = MessageRecipient::from_wire(recipient);
    state.context.send_message(recipient, message);
    Ok(())
}

fn send_binary<C: JamsocketContext>(
    mut caller: Caller<'_, RoomState<C>>,
    recipient: i32,
    pointer: u32,
    len: u32,
) -> wasmtime::Result<()> {
    let (memory, state) = memory_of(&mut caller)?.data_and_store_mut(&mut caller);
    let message = memory::bytes(memory, pointer, len)
        .map_err(|fault| BadCall { import: SEND_BINARY, fault })?;
    let recipient = MessageRecipient::from_wire(recipient);
    state.context.send_binary(recipient, message);
    Ok(())
}

fn set_timer<C: JamsocketContext>(caller: Caller<'_, RoomState<C>>, ms_delay: u32) {
    caller.data().context.set_timer(ms_delay);
}
