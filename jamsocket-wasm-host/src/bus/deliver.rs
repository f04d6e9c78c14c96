//! What a guest is told, by its exports.

use super::{CallError, OnBus, desk::Delivery, port::Exports};
use crate::memory::{self, PointerFault};
use thiserror::Error;
use wasmtime::{AsContextMut, Error};

/// Tells a guest one thing. All its tasks that can go on have done so when this returns.
///
/// # Errors
///
/// The guest has trapped, and must not be called again.
pub(crate) async fn deliver<S>(mut store: S, delivery: Delivery) -> wasmtime::Result<()>
where
    S: AsContextMut<Data: OnBus>,
{
    let mut context = store.as_context_mut();
    let port = context.data_mut().port();
    let exports = port.exports.clone().ok_or(NoExports)?;
    let callback = port.desk.begin(&delivery);
    let owed = match &delivery {
        Delivery::Start { handle, .. } => Some(*handle),
        _ => None,
    };
    let told = tell(&mut context, &exports, delivery).await;
    let desk = &mut context.data_mut().port().desk;
    desk.end(callback);
    if told.is_err()
        && let Some(handle) = owed
    {
        desk.fault(handle, CallError::BUS_INVOCATION_FAILED);
    }
    told
}

async fn tell<S>(mut store: S, exports: &Exports, delivery: Delivery) -> wasmtime::Result<()>
where
    S: AsContextMut<Data: OnBus>,
{
    match delivery {
        Delivery::Start { parent, handle, topic, request } => {
            let (topic, topic_len) = hand_over(&mut store, exports, topic.as_bytes()).await?;
            let (request, request_len) = hand_over(&mut store, exports, &request).await?;
            let call = (parent, handle, topic, topic_len, request, request_len);
            exports.start.call_async(store, call).await
        }
        Delivery::Finish { handle, bytes } => {
            let (pointer, len) = hand_over(&mut store, exports, &bytes).await?;
            exports.finish.call_async(store, (handle, pointer, len)).await
        }
        Delivery::Error { handle, error } => {
            exports.error.call_async(store, (handle, error.code())).await
        }
        Delivery::Drop { handle } => exports.drop.call_async(store, handle).await,
    }
}

/// Writes bytes to memory that the guest allocates for them, and which is the guest's then.
async fn hand_over<S>(mut store: S, exports: &Exports, bytes: &[u8]) -> wasmtime::Result<(u32, u32)>
where
    S: AsContextMut<Data: OnBus>,
{
    let len = u32::try_from(bytes.len()).map_err(|_| Error::msg("more than 4 GiB"))?;
    store.as_context_mut().data_mut().port().is_allocating = true;
    let pointer = exports.malloc.call_async(&mut store, len).await?;
    store.as_context_mut().data_mut().port().is_allocating = false;
    memory::bytes_mut(exports.memory.data_mut(&mut store), pointer, len)
        .map_err(BadAllocation)?
        .copy_from_slice(bytes);
    Ok((pointer, len))
}

/// Where a guest wants bytes to be written is not in its memory. It ends the guest as a trap does.
#[derive(Debug, Error)]
#[error("wasm_bus_malloc returned memory that is not there: {0}")]
struct BadAllocation(PointerFault);

/// A guest waits for something that nobody can tell it.
#[derive(Debug, Error)]
#[error(
    "the module uses the bus, and exports no `wasm_bus_malloc`, `_start`, `_finish`, `_error` and `_drop`"
)]
struct NoExports;
