use crate::{
    Bus, Grants, LoadError, ModuleReport, WasmEngine, WasmService,
    budget::Stopped,
    bus::BusAccess,
    guest::{Guest, NoPlace, StartFault},
    module::LinkedModule,
    room_limits::NoMemoryLeft,
    trap::service_error,
};
use jamsocket::{BuildError, JamsocketContext, JamsocketServiceFactory};
use std::{collections::HashMap, fmt, path::Path, sync::Arc};
use wasmtime::PoolConcurrencyLimitError;

/// Serves the rooms of one WebAssembly module.
///
/// The module is read, compiled, checked and linked when the factory is made; its file is not
/// looked at again. Each room is an instance of its own. A clone is cheap, and of the same module.
///
/// `C` is the context that the host gives its services.
pub struct WasmHostFactory<C: JamsocketContext> {
    module: Arc<LinkedModule<C>>,
    bus: BusAccess,
}

impl<C: JamsocketContext> WasmHostFactory<C> {
    /// Loads a module from a file, on the engine of this process ([`WasmEngine::shared`]).
    ///
    /// The file is a binary module (`.wasm`) or its text (`.wat`); its content decides which.
    ///
    /// # Errors
    ///
    /// Says why the module cannot be served: see [`LoadError`].
    pub fn new(path: impl AsRef<Path>) -> Result<Self, LoadError> {
        Self::new_in(&WasmEngine::shared()?, path)
    }

    /// Loads a module from a file, on this engine.
    ///
    /// # Errors
    ///
    /// Says why the module cannot be served: see [`LoadError`].
    pub fn new_in(engine: &WasmEngine, path: impl AsRef<Path>) -> Result<Self, LoadError> {
        LinkedModule::from_file(engine, path.as_ref(), &mut ModuleReport::default()).map(Self::of)
    }

    /// Loads a module, binary or text, from memory, on the engine of this process
    /// ([`WasmEngine::shared`]).
    ///
    /// # Errors
    ///
    /// Says why the module cannot be served: see [`LoadError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LoadError> {
        Self::from_bytes_in(&WasmEngine::shared()?, bytes)
    }

    /// Loads a module, binary or text, from memory, on this engine.
    ///
    /// # Errors
    ///
    /// Says why the module cannot be served: see [`LoadError`].
    pub fn from_bytes_in(engine: &WasmEngine, bytes: &[u8]) -> Result<Self, LoadError> {
        LinkedModule::from_bytes(engine, bytes, &mut ModuleReport::default()).map(Self::of)
    }

    /// The engine that the module's rooms run on.
    pub fn engine(&self) -> &WasmEngine {
        &self.module.engine
    }

    /// Has the rooms be on this bus, where they may reach so much. Without this they reach nothing on it
    /// but the clock and the log.
    #[must_use]
    pub fn with_bus(self, bus: &Bus, grants: Grants) -> Self {
        Self { bus: BusAccess::new(bus.clone(), grants), ..self }
    }

    fn of(module: LinkedModule<C>) -> Self {
        let bus = Bus::new(&module.engine, HashMap::new(), Grants::default());
        Self { module: Arc::new(module), bus: BusAccess::new(bus, Grants::default()) }
    }
}

impl<C: JamsocketContext> JamsocketServiceFactory<C> for WasmHostFactory<C> {
    type Service = WasmService<C>;

    /// Makes an instance for the room and has it initialize itself, which is bounded as a callback
    /// is.
    ///
    /// # Errors
    ///
    /// [`BuildError::AtCapacity`] while [`WasmEngine::rooms`] rooms are there, where what the module
    /// starts with is more than is left of [`GuestLimits::total_memory_bytes`], or where the machine
    /// has no memory for another room, and [`BuildError::Failed`] when the guest does not come to
    /// the end of its start.
    ///
    /// [`GuestLimits::total_memory_bytes`]: crate::GuestLimits::total_memory_bytes
    ///
    /// # Panics
    ///
    /// Panics outside a Tokio runtime with timers, if the guest's start is not done at once.
    async fn create(&self, room_id: &str, context: C) -> Result<WasmService<C>, BuildError> {
        let module = &self.module;
        let store = module.store(context, |log| self.bus.port(log));
        let guest = module.engine.drive(Guest::start(store, module, room_id)).await;
        match guest {
            Ok(guest) => Ok(WasmService::new(module.engine.clone(), guest)),
            Err(stopped) => Err(build_error(&module.engine, stopped)),
        }
    }
}

impl<C: JamsocketContext> Clone for WasmHostFactory<C> {
    fn clone(&self) -> Self {
        Self { module: Arc::clone(&self.module), bus: self.bus.clone() }
    }
}

impl<C: JamsocketContext> fmt::Debug for WasmHostFactory<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WasmHostFactory").field("module", &self.module.name).finish_non_exhaustive()
    }
}

fn build_error(engine: &WasmEngine, stopped: Stopped) -> BuildError {
    let fault = match stopped {
        Stopped::Failed(error) if error.is::<PoolConcurrencyLimitError>() => {
            return BuildError::AtCapacity(engine.capacity().to_string());
        }
        Stopped::Failed(error) if error.is::<NoPlace>() => {
            let cause = error.root_cause();
            return BuildError::AtCapacity(if cause.is::<NoMemoryLeft>() {
                cause.to_string()
            } else {
                format!("the machine has no place for another room: {cause}")
            });
        }
        Stopped::Failed(error) => match error.downcast::<StartFault>() {
            Ok(fault) => return BuildError::failed(fault),
            Err(error) => Stopped::Failed(error),
        },
        overdue => overdue,
    };
    BuildError::failed(service_error(&fault, engine.limits()))
}
