use crate::machine::half_of_the_memory;
use std::time::Duration;

jamsocket::limits! {
    /// What the rooms and programs of one [`WasmEngine`](crate::WasmEngine) may use.
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
        /// A guest that asks for more is told so, too; a room whose module declares more from the start
        /// than is left is not created, and may be created later. The default is half of the memory that
        /// this process may have, in whole MiB: of the machine's, or of what a container (its cgroup) or
        /// `ulimit` allows, if that is less. Where nothing says how much that is, it is 1 GiB.
        pub total_memory_bytes: usize = half_of_the_memory(),
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
        /// How many calls of the bus a guest may have under way, those that it makes and those that it
        /// answers counted apart, with the objects that they have become.
        ///
        /// A call beyond fails with `MemoryAllocationFailed`, as with the other bounds of the bus.
        pub bus_calls: usize = 16_384,
        /// How many callbacks the calls of a guest may have together.
        ///
        /// One beyond is never fed.
        pub bus_callbacks: usize = 16_384,
        /// How many bytes a request, a reply or a callback's message may have, its topic included.
        pub bus_message_bytes: usize = 4 << 20,
        /// How many bytes may wait for a guest on the bus, in answers and in requests each.
        pub bus_waiting_bytes: usize = 16 << 20,
        /// How many messages of callbacks may wait for a guest.
        ///
        /// Whoever sends it more waits until half of them have been taken.
        pub bus_waiting_messages: usize = 1_024,
        /// Through how many guests a call of the bus may lead to another.
        pub bus_depth: u32 = 16,
        /// How long a message waits for a callback that takes none.
        ///
        /// Then the call is over for both.
        pub bus_feed_time: Duration = Duration::from_secs(5),
        /// How long a room waits in one callback, of its own or for a call, to feed the callbacks of those
        /// who call it.
        ///
        /// Then the call is over for both: who takes little of what it is told does not hold up the room.
        pub bus_room_feed_time: Duration = Duration::from_millis(100),
        /// How long a guest waits, in `block_on`, while others wait for it.
        ///
        /// Then their calls fail with `Aborted`: two guests that wait for each other would do so for ever.
        pub bus_block_time: Duration = Duration::from_secs(30),
        /// How many programs may run for a guest, those that they run themselves included.
        pub bus_programs: u32 = 16,
        /// How many requests and WebSockets to other servers may be under way for a guest, those of the
        /// programs that it runs included.
        pub bus_connections: u32 = 64,
        /// How many bytes the body of an HTTP response may have, unpacked.
        pub bus_http_bytes: usize = 3 << 20,
        /// How long an HTTP request may take, and the opening of a WebSocket to another server.
        pub bus_http_time: Duration = Duration::from_secs(30),
        /// How long a program that is called or run by a guest may run each time, until it waits for
        /// something, counted in milliseconds begun.
        pub program_run_time: Duration = Duration::from_secs(10),
        /// How many bytes a module may have, as binary or as text.
        pub module_bytes: usize = 16 << 20,
        /// How long a module may take to be read, compiled and checked.
        pub load_time: Duration = Duration::from_secs(30),
    }
}
