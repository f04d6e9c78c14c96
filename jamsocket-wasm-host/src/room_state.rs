use crate::{
    WasmEngine,
    budget::Budget,
    bus::{OnBus, Port},
    log_lines::log_of_room,
    memory::HasMemory,
    room_limits::RoomLimits,
    wasi::Wasi,
};
use jamsocket::{JamsocketContext, ServiceUsage};
use std::{sync::Arc, time::Duration};
use wasmtime::Memory;
use wasmtime_wasi::p1::WasiP1Ctx;

/// What the host keeps for one guest, and what the guest's imports work on.
pub(crate) struct RoomState<C: JamsocketContext> {
    pub(crate) context: Arc<C>,
    pub(crate) limits: RoomLimits,
    pub(crate) budget: Budget,
    /// How long it may still wait, in the callback that is under way, for those whom it feeds.
    pub(crate) feed_time: Duration,
    /// The guest's memory, once it has been looked up.
    pub(crate) memory: Option<Memory>,
    /// A message on its way into that memory.
    pub(crate) held: Vec<u8>,
    /// Made when the guest first asks for it, as most never do.
    wasi: Option<Box<Wasi>>,
    /// The guest's place on the bus, where its module uses that.
    port: Option<Box<Port>>,
}

impl<C: JamsocketContext> RoomState<C> {
    pub(crate) fn new(context: Arc<C>, engine: &WasmEngine, port: Option<Port>) -> Self {
        if let Some(port) = &port {
            port.mailbox.wake_when_idle(context.waker());
        }
        Self {
            context,
            limits: engine.room_limits(),
            budget: engine.budget(),
            feed_time: engine.limits().bus_room_feed_time,
            memory: None,
            held: Vec::new(),
            wasi: None,
            port: port.map(Box::new),
        }
    }

    /// What a callback may use counts anew.
    pub(crate) fn begin_callback(&mut self, budget: Budget) {
        self.budget = budget;
        if let Some(port) = &self.port {
            self.feed_time = port.mailbox.limits().bus_room_feed_time;
        }
    }

    /// The guest's place on the bus, if it has one.
    pub(crate) fn port(&mut self) -> Option<&mut Port> {
        self.port.as_deref_mut()
    }

    /// What the guest uses, and what it has open.
    pub(crate) fn usage(&self) -> ServiceUsage {
        let usage = self.limits.usage();
        let Some(port) = &self.port else { return usage };
        let (denied_calls, open_calls) = (port.member.denied(), port.desk.open_calls());
        ServiceUsage { denied_calls, open_calls, ..usage }
    }

    /// WASI's side of the guest.
    pub(crate) fn wasi(&mut self) -> &mut WasiP1Ctx {
        let context = &self.context;
        let wasi =
            self.wasi.get_or_insert_with(|| Box::new(Wasi::new(&log_of_room(context.clone()))));
        &mut wasi.ctx
    }

    /// Ends log lines that the guest has begun.
    pub(crate) fn flush_log(&self) {
        if let Some(wasi) = &self.wasi {
            wasi.flush();
        }
    }
}

impl<C: JamsocketContext> HasMemory for RoomState<C> {
    fn memory(&mut self) -> &mut Option<Memory> {
        &mut self.memory
    }
}

impl<C: JamsocketContext> OnBus for RoomState<C> {
    fn port(&mut self) -> &mut Port {
        self.port.as_deref_mut().expect("the functions of the bus are linked where there is a port")
    }

    fn feed_time(&self) -> Duration {
        self.feed_time
    }

    fn has_fed(&mut self, time: Duration) {
        self.feed_time = self.feed_time.saturating_sub(time);
    }

    /// A callback has its time however often it waits.
    fn has_waited(&mut self) {}
}
