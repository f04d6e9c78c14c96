use super::{Program, ProgramError, ProgramState};
use crate::{
    budget::Budget,
    bus::{CallError, Exports, OnBus as _, Port, deliver},
    guest::tell_want_of_place,
    interface::MEMORY,
    wasi,
};
use std::{future::poll_fn, pin::pin, sync::Arc, time::Duration};
use wasmtime::{Error, Store};
use wasmtime_wasi::{I32Exit, p1::WasiP1Ctx};

/// A command's `main`.
pub(super) const START: &str = "_start";

/// How much a program that serves is told before others of its thread have their turn.
const TURN: u32 = 64;

/// What one run of a program has.
pub(crate) struct Run {
    pub(crate) wasi: WasiP1Ctx,
    pub(crate) port: Port,
    /// How long it may run each time, until it waits again. None: as long as it likes.
    pub(crate) run_time: Option<Duration>,
}

/// Runs a program to its end, and has it serve after its `main` for as long as nobody ends it, where it
/// asks for that. Returns its exit code.
///
/// # Errors
///
/// See [`ProgramError`].
pub(crate) async fn run(program: &Program, run: Run) -> Result<i32, ProgramError> {
    let Run { wasi, port, run_time } = run;
    let state = ProgramState {
        wasi,
        port,
        limits: program.engine.room_limits(),
        budget: Budget::of_program(run_time),
        run_time,
        memory: None,
        breaks: Arc::default(),
    };
    let breaks = state.breaks.clone();
    let mut store = Store::new(program.engine.wasmtime(), state);
    store.limiter(|state| &mut state.limits);
    store.epoch_deadline_callback(|mut store| store.data_mut().spend_tick());
    store.set_hostcall_fuel(wasi::MAX_CALL_BYTES);
    let mut running = pin!(program.engine.tick(to_its_end(program, &mut store)));
    let ended = poll_fn(|cx| {
        let polled = running.as_mut().poll(cx);
        if polled.is_pending() {
            breaks.pause();
        }
        polled
    });
    let ended = ended.await;
    match ended {
        Ok(()) => Ok(0),
        Err(error) => match error.downcast_ref::<I32Exit>() {
            Some(I32Exit(code)) => Ok(*code),
            None => Err(ProgramError::of(&error)),
        },
    }
}

async fn to_its_end(program: &Program, store: &mut Store<ProgramState>) -> wasmtime::Result<()> {
    store.set_epoch_deadline(1);
    let instantiated = program.instance_pre.instantiate_async(&mut *store).await;
    let instance = instantiated.map_err(tell_want_of_place)?;
    let memory = instance.get_memory(&mut *store, MEMORY);
    let memory = memory.ok_or_else(|| Error::msg("the program exports no memory"))?;
    let exports = Exports::of(&instance, memory, &mut *store);
    store.data_mut().memory = Some(memory);
    store.data_mut().port.exports = exports;
    let start = instance.get_typed_func::<(), ()>(&mut *store, START)?;
    start.call_async(&mut *store, ()).await?;
    let port = &mut store.data_mut().port;
    if !port.serves {
        port.mailbox.refuse_calls(CallError::INCORRECT_ABI);
        return Ok(());
    }
    let mailbox = port.mailbox.clone();
    loop {
        mailbox.filled().await;
        store.data_mut().has_waited();
        let mut told = 0;
        while let Some(next) = store.data_mut().port.desk.next() {
            deliver(&mut *store, next).await?;
            // Each is something of its own, however many there are.
            store.data_mut().has_waited();
            told += 1;
            if told % TURN == 0 {
                tokio::task::yield_now().await;
            }
        }
    }
}
