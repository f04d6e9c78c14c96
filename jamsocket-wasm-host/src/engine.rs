use crate::{
    CodeCacheError, GuestLimits,
    budget::{Budget, Stopped, drive, ticking},
    capacity::Capacity,
    code_cache, handover,
    room_limits::RoomLimits,
    ticker::Ticker,
    total_memory::TotalMemory,
};
use std::{
    io,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};
use thiserror::Error;
use wasmtime::{
    Cache, Config, Engine, InstanceAllocationStrategy, Module, PoolingAllocationConfig,
    WasmFeatures,
};

/// What guests may be made of: what Rust's compiler emits, and SIMD. Everything else is off, the
/// proposals of later years included.
const FEATURES: WasmFeatures = WasmFeatures::MUTABLE_GLOBAL
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::SIGN_EXTENSION)
    // Without `GC_TYPES` this is tables and references of functions only, no `externref`.
    .union(WasmFeatures::REFERENCE_TYPES)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::SIMD)
    .union(WasmFeatures::EXTENDED_CONST)
    .union(WasmFeatures::FLOATS);

/// How many bytes of a guest's stack are kept for the host's functions that it calls.
const HOST_STACK_BYTES: usize = 512 << 10;

/// The engine that [`WasmEngine::shared`] gives, once it has been made.
static SHARED: Mutex<Option<WasmEngine>> = Mutex::new(None);

/// What modules share: the compiler, the pool that their rooms are taken from, and the clock that
/// makes guests take turns.
///
/// One engine a process is enough; clones are the same engine. Its pool reserves about 4 GiB of
/// address space a room (and none of it is memory until a guest touches it), and it has one thread,
/// which sleeps while no guest runs.
#[derive(Debug, Clone)]
pub struct WasmEngine {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    engine: Engine,
    handover: Module,
    limits: Arc<GuestLimits>,
    budget: Budget,
    capacity: Capacity,
    memory: Arc<TotalMemory>,
    ticker: Ticker,
}

impl WasmEngine {
    /// An engine with the default limits.
    ///
    /// # Errors
    ///
    /// See [`with_limits`](Self::with_limits).
    pub fn new() -> Result<Self, EngineError> {
        Self::with_limits(GuestLimits::default())
    }

    /// An engine whose rooms may use so much.
    ///
    /// # Errors
    ///
    /// Fails where this machine cannot hold such a pool: see [`EngineError`].
    pub fn with_limits(limits: GuestLimits) -> Result<Self, EngineError> {
        Self::build(limits, None)
    }

    /// An engine whose rooms may use so much, and which keeps what it compiles in `folder`: a module
    /// that was loaded before, by whatever process, is not compiled again.
    ///
    /// The folder is made if it is not there. It has to be this user's own, as what is in it is run
    /// without another look; it is bounded, and what was unused for longest goes first.
    ///
    /// # Errors
    ///
    /// Fails as [`with_limits`](Self::with_limits) does, and with [`EngineError::CodeCache`].
    pub fn with_code_cache(limits: GuestLimits, folder: &Path) -> Result<Self, EngineError> {
        Self::build(limits, Some(code_cache::open(folder)?))
    }

    fn build(limits: GuestLimits, cache: Option<Cache>) -> Result<Self, EngineError> {
        let capacity = Capacity::on_this_machine(limits.max_rooms);
        if capacity.rooms == 0 {
            return Err(EngineError::NoRooms);
        }
        if capacity.rooms < limits.max_rooms {
            tracing::warn!(wanted = limits.max_rooms, "this process can hold {capacity}");
        }
        let mut config = config(&limits, capacity.rooms);
        config.cache(cache);
        let unusable = |error: wasmtime::Error| EngineError::Pool {
            rooms: capacity.rooms,
            reason: format!("{error:#}"),
        };
        let engine = Engine::new(&config).map_err(unusable)?;
        let handover = handover::module(&engine).map_err(unusable)?;
        let ticker = Ticker::start({
            let engine = engine.clone();
            move || engine.increment_epoch()
        })
        .map_err(EngineError::Thread)?;
        Ok(Self {
            inner: Arc::new(Inner {
                engine,
                handover,
                budget: Budget::new(&limits),
                memory: TotalMemory::new(limits.total_memory_bytes),
                limits: Arc::new(limits),
                capacity,
                ticker,
            }),
        })
    }

    /// The engine of this process, with the default limits. It is made when it is first asked for,
    /// and stays.
    ///
    /// # Errors
    ///
    /// See [`with_limits`](Self::with_limits). The next call tries again.
    pub fn shared() -> Result<Self, EngineError> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        match &*shared {
            Some(engine) => Ok(engine.clone()),
            None => Ok(shared.insert(Self::new()?).clone()),
        }
    }

    /// What the rooms may use.
    pub fn limits(&self) -> &GuestLimits {
        &self.inner.limits
    }

    /// The same, to be kept.
    pub(crate) fn shared_limits(&self) -> Arc<GuestLimits> {
        self.inner.limits.clone()
    }

    /// How many rooms there may be at once, of all modules together.
    ///
    /// That is [`GuestLimits::max_rooms`] or, on Linux, (`vm.max_map_count` - 4096) / 6 if that is
    /// less: 10,239 where the kernel's default of 65,530 maps stands. Beyond it,
    /// `create` fails with [`BuildError::AtCapacity`](jamsocket::BuildError::AtCapacity).
    pub fn rooms(&self) -> u32 {
        self.inner.capacity.rooms
    }

    /// The module that stands between the host and each guest.
    pub(crate) fn handover(&self) -> &Module {
        &self.inner.handover
    }

    pub(crate) fn wasmtime(&self) -> &Engine {
        &self.inner.engine
    }

    /// How long one callback may run.
    pub(crate) fn budget(&self) -> Budget {
        self.inner.budget
    }

    /// What bounds the memory of a new room.
    pub(crate) fn room_limits(&self) -> RoomLimits {
        RoomLimits::new(&self.inner.limits, Arc::clone(&self.inner.memory))
    }

    pub(crate) fn capacity(&self) -> Capacity {
        self.inner.capacity
    }

    /// Drives a program's code to its end, however long that waits.
    pub(crate) async fn tick<T>(&self, program: impl Future<Output = T> + Send) -> T {
        ticking(&self.inner.ticker, program).await
    }

    /// Drives guest code to its end, or for as long as one callback may take.
    pub(crate) async fn drive<T>(
        &self,
        guest: impl Future<Output = wasmtime::Result<T>> + Send,
    ) -> Result<T, Stopped> {
        drive(&self.inner.ticker, &self.inner.limits, guest).await
    }
}

/// Why there is no engine.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The limits, or the kernel's `vm.max_map_count`, leave no room at all.
    #[error("an engine of no rooms: raise `max_rooms`, or the sysctl vm.max_map_count")]
    NoRooms,
    /// The pool could not be reserved, most often for want of address space, or the limits
    /// contradict each other.
    #[error("cannot make an engine of {rooms} rooms: {reason}")]
    Pool {
        /// How many rooms it was to hold.
        rooms: u32,
        /// What the engine says.
        reason: String,
    },
    /// Compiled modules cannot be kept where they were to be.
    #[error(transparent)]
    CodeCache(#[from] CodeCacheError),
    /// The thread that makes guests take turns could not be started.
    #[error("cannot start the thread that makes guests take turns")]
    Thread(#[source] io::Error),
}

fn config(limits: &GuestLimits, rooms: u32) -> Config {
    let mut pool = PoolingAllocationConfig::new();
    // Beside each guest there is an instance that hands its messages over.
    pool.total_core_instances(rooms.saturating_mul(2))
        .total_memories(rooms)
        .total_tables(rooms)
        .total_stacks(rooms)
        .max_memories_per_module(1)
        .max_tables_per_module(1)
        .table_elements(limits.table_elements as usize);

    let mut config = Config::new();
    config
        .wasm_features(WasmFeatures::all(), false)
        .wasm_features(FEATURES, true)
        .epoch_interruption(true)
        .max_wasm_stack(limits.stack_bytes)
        .async_stack_size(limits.stack_bytes.saturating_add(HOST_STACK_BYTES))
        .memory_init_cow(true)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}
