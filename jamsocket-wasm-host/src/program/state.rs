use crate::{
    budget::Budget,
    bus::{OnBus, Port},
    memory::HasMemory,
    room_limits::RoomLimits,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};
use wasmtime::{Memory, UpdateDeadline};
use wasmtime_wasi::p1::WasiP1Ctx;

/// What the host keeps for one run of a program.
pub(crate) struct ProgramState {
    pub(crate) wasi: WasiP1Ctx,
    pub(crate) port: Port,
    pub(crate) limits: RoomLimits,
    pub(crate) budget: Budget,
    /// How long it may run each time, until it waits again. None: as long as it likes.
    pub(crate) run_time: Option<Duration>,
    pub(crate) memory: Option<Memory>,
    pub(crate) breaks: Arc<Breaks>,
}

/// How it is known that a program has waited, for whatever it was.
#[derive(Debug, Default)]
pub(crate) struct Breaks {
    /// Whether it has let others have their turn just now, which is no waiting.
    has_yielded: AtomicBool,
    has_waited: AtomicBool,
}

impl Breaks {
    /// The program is not done, and is not polled again for now.
    pub(crate) fn pause(&self) {
        if !self.has_yielded.swap(false, Relaxed) {
            self.has_waited.store(true, Relaxed);
        }
    }
}

impl ProgramState {
    /// Takes account of a tick that found the program running.
    pub(crate) fn spend_tick(&mut self) -> wasmtime::Result<UpdateDeadline> {
        if self.breaks.has_waited.swap(false, Relaxed) {
            self.has_waited();
        }
        self.breaks.has_yielded.store(true, Relaxed);
        self.budget.spend_tick()
    }
}

impl HasMemory for ProgramState {
    fn memory(&mut self) -> &mut Option<Memory> {
        &mut self.memory
    }
}

impl OnBus for ProgramState {
    fn port(&mut self) -> &mut Port {
        &mut self.port
    }

    fn feed_time(&self) -> Duration {
        self.port.mailbox.limits().bus_feed_time
    }

    fn has_fed(&mut self, _: Duration) {}

    fn has_waited(&mut self) {
        self.budget = Budget::of_program(self.run_time);
    }
}
