use crate::{
    CodeCacheError, GuestLimits,
    budget::{Budget, Stopped, drive, ticking},
    capacity::{Capacity, CapacityBound, HOST_STACK_BYTES, MemoryLayout, in_mib},
    code_cache::{self, CodeCache},
    handover,
    machine::Machine,
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
    Config, Engine, InstanceAllocationStrategy, Module, PoolingAllocationConfig, WasmFeatures,
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

/// The engine that [`WasmEngine::shared`] gives, once it has been made.
static SHARED: Mutex<Option<WasmEngine>> = Mutex::new(None);

/// What modules share: the compiler, the pool that their rooms are taken from, and the clock that
/// makes guests take turns.
///
/// One engine a process is enough; clones are the same engine. Its pool reserves about 4 GiB of
/// address space a room, or little more than [`GuestLimits::memory_bytes`] where the process has less
/// address space than that. None of it is memory until a guest touches it. The engine has one thread,
/// which sleeps while no guest runs.
#[derive(Debug, Clone)]
pub struct WasmEngine {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    engine: Engine,
    /// What keeps compiled modules, if anything does.
    code_cache: Option<CodeCache>,
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
    /// The folder is made if it is not there. It is refused if other users can write to it or to one above
    /// it. Each file has a tag, which takes a key that this user alone can read. A file that another user has
    /// written is not used, and a damaged file is not used either. The folder has at most 512 MiB, and what
    /// was unused for longest goes first.
    ///
    /// # Errors
    ///
    /// Fails as [`with_limits`](Self::with_limits) does, and with [`EngineError::CodeCache`].
    pub fn with_code_cache(limits: GuestLimits, folder: &Path) -> Result<Self, EngineError> {
        Self::build(limits, Some(CodeCache::open(folder)?))
    }

    fn build(limits: GuestLimits, code_cache: Option<CodeCache>) -> Result<Self, EngineError> {
        let (engine, capacity) = reserve(&limits, code_cache.as_ref())?;
        capacity.tell(&limits);
        let unusable = |error| EngineError::pool(capacity, &error);
        let handover =
            code_cache::module(code_cache.as_ref(), &engine, handover::MODULE.as_bytes());
        let handover = handover.map_err(unusable)?;
        let ticker = Ticker::start({
            let engine = engine.clone();
            move || engine.increment_epoch()
        })
        .map_err(EngineError::Thread)?;
        Ok(Self {
            inner: Arc::new(Inner {
                engine,
                code_cache,
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
    /// That is [`GuestLimits::max_rooms`] or, on Linux, fewer: (`vm.max_map_count` - 4096) / 6, which is
    /// 10,239 with the kernel's default of 65,530 maps, or as many as the address space holds that
    /// `ulimit -v`, `ulimit -d` and the kernel leave. The log says so when the engine is made. Beyond it,
    /// `create` fails with [`BuildError::AtCapacity`](jamsocket::BuildError::AtCapacity).
    pub fn rooms(&self) -> u32 {
        self.inner.capacity.rooms
    }

    /// The module that stands between the host and each guest.
    pub(crate) fn handover(&self) -> &Module {
        &self.inner.handover
    }

    /// Makes a module, of what is kept of it or by the compiler.
    ///
    /// # Errors
    ///
    /// It is not a module that can run here.
    pub(crate) fn compile(&self, bytes: &[u8]) -> wasmtime::Result<Module> {
        code_cache::module(self.inner.code_cache.as_ref(), &self.inner.engine, bytes)
    }

    /// A module that the pool has refused, for a report alone: no room can be made of it. `None` where a
    /// pool refuses no module whose faults the interface would tell.
    ///
    /// A pool of small reservations refuses a large memory by itself, and nothing else is known of the module
    /// then.
    pub(crate) fn examine(&self, bytes: &[u8]) -> Option<Module> {
        let Inner { limits, capacity, .. } = &*self.inner;
        if capacity.layout == MemoryLayout::Guarded {
            return None;
        }
        let mut config = config(limits, *capacity);
        config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
        Module::new(&Engine::new(&config).ok()?, bytes).ok()
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
    /// The process has not enough address space for a single room.
    #[error(
        "{bound} has no place for a single room, which takes {}: raise that bound, or lower \
         `memory_bytes`", in_mib(*.room_bytes)
    )]
    NoAddressSpace {
        /// What bounds the address space: `an address space of 256MiB (ulimit -v)`.
        bound: String,
        /// How many bytes a room takes.
        room_bytes: u64,
    },
    /// The pool could not be reserved, or the limits contradict each other.
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

impl EngineError {
    fn pool(capacity: Capacity, error: &wasmtime::Error) -> Self {
        Self::Pool { rooms: capacity.rooms, reason: format!("{error:#}") }
    }
}

/// Makes an engine with a pool, for as many rooms as the machine has place for.
fn reserve(
    limits: &GuestLimits,
    code_cache: Option<&CodeCache>,
) -> Result<(Engine, Capacity), EngineError> {
    let capacity = Capacity::new(limits, &Machine::this());
    match capacity.bound {
        Some(CapacityBound::Space { bound, room_bytes }) if capacity.rooms == 0 => {
            return Err(EngineError::NoAddressSpace { bound: bound.to_string(), room_bytes });
        }
        _ if capacity.rooms == 0 => return Err(EngineError::NoRooms),
        _ => {}
    }
    capacity.reserve(limits, |capacity| {
        let mut config = config(limits, capacity);
        config.cache(code_cache.map(CodeCache::wasmtimes));
        Engine::new(&config).map_err(|error| EngineError::pool(capacity, &error))
    })
}

fn config(limits: &GuestLimits, capacity: Capacity) -> Config {
    let Capacity { rooms, layout, .. } = capacity;
    let reservation = layout.reservation(limits.memory_bytes);
    let mut pool = PoolingAllocationConfig::new();
    // Beside each guest there is an instance that hands its messages over.
    pool.total_core_instances(rooms.saturating_mul(2))
        .total_memories(rooms)
        .total_tables(rooms)
        .total_stacks(rooms)
        .max_memories_per_module(1)
        .max_tables_per_module(1)
        .max_memory_size(usize::try_from(reservation).unwrap_or(usize::MAX))
        .table_elements(limits.table_elements as usize);

    let mut config = Config::new();
    config
        .wasm_features(WasmFeatures::all(), false)
        .wasm_features(FEATURES, true)
        .epoch_interruption(true)
        .max_wasm_stack(limits.stack_bytes)
        .async_stack_size(limits.stack_bytes.saturating_add(HOST_STACK_BYTES))
        .memory_reservation(reservation)
        // A pool moves none, and code that knows that keeps the address.
        .memory_may_move(false)
        .memory_guard_size(layout.guard())
        .memory_init_cow(true)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}
