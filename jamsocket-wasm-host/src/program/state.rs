use crate::{
    budget::Budget,
    bus::{OnBus, Port},
    room_limits::RoomLimits,
};
use std::time::Duration;
use wasmtime::Memory;
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
}

impl OnBus for ProgramState {
    fn port(&mut self) -> &mut Port {
        &mut self.port
    }

    fn memory(&mut self) -> &mut Option<Memory> {
        &mut self.memory
    }

    fn has_waited(&mut self) {
        self.budget = Budget::of_program(self.run_time);
    }
}
