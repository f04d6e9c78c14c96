//! What a guest calls of the bus.

use super::{
    CallError, OnBus, deliver::deliver, desk::NewCall, mailbox::Mailbox, member::Instance,
};
use crate::memory::{self, PointerFault, memory_of};
use jamsocket::LogLevel;
use std::{future::poll_fn, pin::pin, task::Poll, time::Instant};
use thiserror::Error;
use tokio::time::sleep;
use wasmtime::{Caller, Linker};

/// The module that the functions of the bus are imported from.
pub(crate) const MODULE: &str = "wasm-bus";

/// The longest name or topic, in bytes.
const MAX_NAME_BYTES: u32 = 4 << 10;

/// A pointer of a guest's, and how many bytes are there.
type Slice = (u32, u32);

/// Offers guests the functions of the bus.
///
/// # Errors
///
/// Fails where the linker has one of them already.
pub(crate) fn add_to_linker<T: OnBus>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    linker.func_wrap(MODULE, "handle", |mut caller: Caller<'_, T>| {
        caller.data_mut().port().desk.new_handle()
    })?;
    linker.func_wrap(MODULE, "callback", callback::<T>)?;
    linker.func_wrap(MODULE, "call", call::<T>)?;
    linker.func_wrap(MODULE, "call_instance", call_instance::<T>)?;
    linker.func_wrap(MODULE, "drop", |mut caller: Caller<'_, T>, handle: u32| {
        caller.data_mut().port().desk.drop_handle(handle);
    })?;
    linker.func_wrap_async(MODULE, "poll", |caller, ()| Box::new(poll::<T>(caller)))?;
    linker.func_wrap(MODULE, "listen", listen::<T>)?;
    linker.func_wrap(MODULE, "fork", |mut caller: Caller<'_, T>| {
        caller.data_mut().port().serves = true;
    })?;
    linker.func_wrap(MODULE, "reply", reply::<T>)?;
    linker.func_wrap(MODULE, "fault", |mut caller: Caller<'_, T>, handle: u32, error: u32| {
        caller.data_mut().port().desk.fault(handle, CallError::of_guest(error));
    })?;
    linker.func_wrap_async(MODULE, "reply_callback", |caller, arguments| {
        Box::new(reply_callback::<T>(caller, arguments))
    })?;
    // There is one thread a guest.
    linker.func_wrap(MODULE, "thread_id", || 1_u32)?;
    Ok(())
}

/// A guest called an import with something that it must not, or when it must not. It ends the guest as a
/// trap does.
#[derive(Debug, Error)]
enum BadCall {
    #[error("{import}: {fault}")]
    Pointer { import: &'static str, fault: PointerFault },
    #[error("poll: it was called while the guest is inside of `poll` already")]
    NestedPoll,
    #[error("poll: it was called while the guest allocates for the host")]
    PollWhileAllocating,
}

fn callback<T: OnBus>(
    mut caller: Caller<'_, T>,
    parent: u32,
    handle: u32,
    pointer: u32,
    len: u32,
) -> wasmtime::Result<()> {
    if len > MAX_NAME_BYTES {
        return Ok(());
    }
    let topic = text(&mut caller, "callback", (pointer, len))?;
    caller.data_mut().port().desk.callback(parent, handle, topic);
    Ok(())
}

#[expect(clippy::too_many_arguments, reason = "the interface is what it is")]
fn call<T: OnBus>(
    mut caller: Caller<'_, T>,
    parent: u32,
    handle: u32,
    is_kept: u32,
    module: u32,
    module_len: u32,
    topic: u32,
    topic_len: u32,
    request: u32,
    request_len: u32,
) -> wasmtime::Result<u32> {
    let names = [(module, module_len), (topic, topic_len)];
    let read = read_call(&mut caller, "call", names, (request, request_len))?;
    let made = read.and_then(|([module, topic], request)| {
        let new = NewCall { parent, handle, is_kept: is_kept != 0, topic, request };
        let port = caller.data_mut().port();
        port.desk.call(new, |call| port.member.call(&module, call))
    });
    Ok(made.map_or_else(CallError::code, |()| 0))
}

#[expect(clippy::too_many_arguments, reason = "the interface is what it is")]
fn call_instance<T: OnBus>(
    mut caller: Caller<'_, T>,
    parent: u32,
    handle: u32,
    is_kept: u32,
    instance: u32,
    instance_len: u32,
    token: u32,
    token_len: u32,
    module: u32,
    module_len: u32,
    topic: u32,
    topic_len: u32,
    request: u32,
    request_len: u32,
) -> wasmtime::Result<u32> {
    let names =
        [(instance, instance_len), (token, token_len), (module, module_len), (topic, topic_len)];
    let read = read_call(&mut caller, "call_instance", names, (request, request_len))?;
    let made = read.and_then(|([name, token, module, topic], request)| {
        let new = NewCall { parent, handle, is_kept: is_kept != 0, topic, request };
        let port = caller.data_mut().port();
        let instance = Instance { name, token };
        port.desk.call(new, |call| port.member.call_in(&instance, &module, call))
    });
    Ok(made.map_or_else(CallError::code, |()| 0))
}

/// The guest itself answers calls of topics that it does not listen to: nothing needs to be noted.
fn listen<T: OnBus>(mut caller: Caller<'_, T>, pointer: u32, len: u32) -> wasmtime::Result<()> {
    bytes(&mut caller, "listen", (pointer, len)).map(drop)
}

fn reply<T: OnBus>(
    mut caller: Caller<'_, T>,
    handle: u32,
    pointer: u32,
    len: u32,
) -> wasmtime::Result<()> {
    let response = message(&mut caller, "reply", (pointer, len))?;
    let desk = &mut caller.data_mut().port().desk;
    match response {
        Some(response) => desk.reply(handle, response),
        None => desk.fault(handle, CallError::MEMORY_ALLOCATION_FAILED),
    }
    Ok(())
}

/// Feeds a callback of whoever has made a call. Where they have much to read already the guest waits.
async fn reply_callback<T: OnBus>(
    mut caller: Caller<'_, T>,
    (handle, topic, topic_len, pointer, len): (u32, u32, u32, u32, u32),
) -> wasmtime::Result<()> {
    if topic_len > MAX_NAME_BYTES {
        return Ok(());
    }
    let topic = text(&mut caller, "reply_callback", (topic, topic_len))?;
    let message = message(&mut caller, "reply_callback", (pointer, len))?;
    let patience = caller.data().feed_time();
    let desk = &mut caller.data_mut().port().desk;
    match (desk.caller(handle), message) {
        (Some(called), Some(message)) => {
            let began = Instant::now();
            let is_fed = called.feed_within(patience, topic, message).await;
            caller.data_mut().has_fed(began.elapsed());
            if !is_fed {
                let port = caller.data_mut().port();
                port.desk.break_off(handle);
                let what =
                    "a call is over, as its caller took too little of what its callback was told";
                port.member.log(LogLevel::Warn, what);
            }
        }
        (Some(_), None) => desk.break_off(handle),
        (None, _) => {}
    }
    Ok(())
}

/// Returns once the guest has been told something: all that waits for it but calls, which it takes only
/// when nothing of it is under way.
async fn poll<T: OnBus>(mut caller: Caller<'_, T>) -> wasmtime::Result<()> {
    let port = caller.data_mut().port();
    if port.is_allocating {
        return Err(BadCall::PollWhileAllocating.into());
    }
    if port.is_polling {
        return Err(BadCall::NestedPoll.into());
    }
    port.is_polling = true;
    let mailbox = port.mailbox.clone();
    let mut is_told = false;
    while !is_told {
        while let Some(delivery) = caller.data_mut().port().desk.next_answer() {
            deliver(&mut caller, delivery).await?;
            is_told = true;
        }
        if !is_told {
            wait(&mailbox).await;
            caller.data_mut().has_waited();
        }
    }
    caller.data_mut().port().is_polling = false;
    Ok(())
}

/// Waits until there is something to tell. Those who wait for the guest meanwhile do so for a while only, as
/// it may be they whom it waits for.
async fn wait(mailbox: &Mailbox) {
    let mut answered = pin!(mailbox.answered());
    let mut patience = None;
    poll_fn(|cx| {
        if answered.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        // Most waits end before anybody calls, and are spared the timer.
        if !mailbox.has_calls() {
            patience = None;
        } else {
            let block_time = || Box::pin(sleep(mailbox.limits().bus_block_time));
            if patience.get_or_insert_with(block_time).as_mut().poll(cx).is_ready() {
                mailbox.refuse_calls(CallError::ABORTED);
                patience = None;
            }
        }
        Poll::Pending
    })
    .await;
}

/// Names, and a request.
type ReadCall<const N: usize> = ([String; N], Vec<u8>);

/// What a guest says of a call.
fn read_call<T: OnBus, const N: usize>(
    caller: &mut Caller<'_, T>,
    import: &'static str,
    names: [Slice; N],
    request: Slice,
) -> wasmtime::Result<Result<ReadCall<N>, CallError>> {
    if names.iter().any(|(_, len)| *len > MAX_NAME_BYTES) {
        return Ok(Err(CallError::MEMORY_ALLOCATION_FAILED));
    }
    let mut read = [const { String::new() }; N];
    for (name, slice) in read.iter_mut().zip(names) {
        let bytes = bytes(caller, import, slice)?;
        let Ok(text) = str::from_utf8(bytes) else { return Ok(Err(CallError::BAD_REQUEST)) };
        text.clone_into(name);
    }
    let request = message(caller, import, request)?;
    Ok(request.map(|request| (read, request)).ok_or(CallError::MEMORY_ALLOCATION_FAILED))
}

/// A request, a reply, or a callback's message; `None` where it is longer than one may be.
fn message<T: OnBus>(
    caller: &mut Caller<'_, T>,
    import: &'static str,
    slice: Slice,
) -> wasmtime::Result<Option<Vec<u8>>> {
    let limit = caller.data_mut().port().mailbox.limits().bus_message_bytes;
    let bytes = bytes(caller, import, slice)?;
    Ok((bytes.len() <= limit).then(|| bytes.to_vec()))
}

fn text<T: OnBus>(
    caller: &mut Caller<'_, T>,
    import: &'static str,
    (pointer, len): Slice,
) -> wasmtime::Result<String> {
    let memory = memory_of(caller)?;
    let text = memory::text(memory.data(&caller), pointer, len);
    Ok(text.map_err(|fault| BadCall::Pointer { import, fault })?.to_owned())
}

fn bytes<'a, T: OnBus>(
    caller: &'a mut Caller<'_, T>,
    import: &'static str,
    (pointer, len): Slice,
) -> wasmtime::Result<&'a [u8]> {
    let memory = memory_of(caller)?;
    let bytes = memory::bytes(memory.data(caller), pointer, len);
    Ok(bytes.map_err(|fault| BadCall::Pointer { import, fault })?)
}
