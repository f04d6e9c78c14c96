use std::time::Duration;

/// What the rooms of one [`WasmEngine`](crate::WasmEngine) may use.
///
/// ```
/// use jamsocket_wasm_host::{GuestLimits, WasmEngine};
///
/// let limits = GuestLimits {
///     rooms: 100,
///     memory_bytes: 16 << 20,
///     ..GuestLimits::default()
/// };
/// let engine = WasmEngine::with_limits(limits)?;
/// # Ok::<(), jamsocket_wasm_host::EngineError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuestLimits {
    /// How many rooms there may be at once, of all the engine's modules together. Default: 10,000.
    ///
    /// On Linux an engine may hold fewer: see [`WasmEngine::rooms`](crate::WasmEngine::rooms).
    pub rooms: u32,
    /// How many bytes a room's memory may grow to. Default: 64 MiB.
    ///
    /// A guest that asks for more is told so (`memory.grow` returns -1); a module that declares
    /// more from the start is refused when it is loaded.
    pub memory_bytes: usize,
    /// How many elements a room's table of functions may hold. Default: 100,000.
    pub table_elements: u32,
    /// How many bytes of stack a guest's functions may use before they trap. Default: 512 KiB.
    pub stack_bytes: usize,
    /// How long a callback may run, counted in milliseconds begun. Default: 1 s.
    ///
    /// Time in which the guest waits for its turn, or in the host, does not count. Starting a room
    /// counts as one callback.
    pub run_time: Duration,
    /// How long a callback may take, all waiting included. Default: 5 s.
    pub wall_time: Duration,
    /// How many bytes a module may have, as binary or as text. Default: 16 MiB.
    pub module_bytes: usize,
}

impl Default for GuestLimits {
    fn default() -> Self {
        Self {
            rooms: 10_000,
            memory_bytes: 64 << 20,
            table_elements: 100_000,
            stack_bytes: 512 << 10,
            run_time: Duration::from_secs(1),
            wall_time: Duration::from_secs(5),
            module_bytes: 16 << 20,
        }
    }
}
