use crate::total_memory::half_of_this_machine;
use std::time::Duration;

jamsocket::limits! {
    /// What the rooms of one [`WasmEngine`](crate::WasmEngine) may use.
    ///
    /// Each is tested on either side of it, and listed in `docs/LIMITS.md` with what happens beyond.
    ///
    /// ```
    /// use jamsocket_wasm_host::{GuestLimits, WasmEngine};
    ///
    /// let limits = GuestLimits {
    ///     max_rooms: 100,
    ///     memory_bytes: 16 << 20,
    ///     ..GuestLimits::default()
    /// };
    /// let engine = WasmEngine::with_limits(limits)?;
    /// # Ok::<(), jamsocket_wasm_host::EngineError>(())
    /// ```
    pub struct GuestLimits {
        /// How many rooms there may be at once, of all the engine's modules together.
        ///
        /// On Linux an engine may hold fewer: see [`WasmEngine::rooms`](crate::WasmEngine::rooms).
        pub max_rooms: u32 = 10_000,
        /// How many bytes a room's memory may grow to.
        ///
        /// A guest that asks for more is told so (`memory.grow` returns -1); a module that declares
        /// more from the start is refused when it is loaded.
        pub memory_bytes: usize = 64 << 20,
        /// How many bytes the memories of all rooms may have together.
        ///
        /// A guest that asks for more is told so likewise; a room whose module declares more from
        /// the start than is left is not created, and later may be. The default is half of the
        /// machine's memory, in whole MiB, or 1 GiB where the machine does not say what it has.
        pub total_memory_bytes: usize = half_of_this_machine(),
        /// How many elements a room's table of functions may hold.
        ///
        /// A guest that asks for more is told so (`table.grow` returns -1); a module that declares
        /// more from the start is refused when it is loaded.
        pub table_elements: u32 = 100_000,
        /// How many bytes of stack a guest's functions may use before they trap.
        pub stack_bytes: usize = 512 << 10,
        /// How long a callback may run, counted in milliseconds begun.
        ///
        /// Time in which the guest waits for its turn, or in the host, does not count. Starting a
        /// room counts as one callback.
        pub run_time: Duration = Duration::from_secs(1),
        /// How long a callback may take, all waiting included.
        pub wall_time: Duration = Duration::from_secs(5),
        /// How many bytes a module may have, as binary or as text.
        pub module_bytes: usize = 16 << 20,
        /// How long a module may take to be read, compiled and checked.
        pub load_time: Duration = Duration::from_secs(30),
    }
}
