use crate::{
    GuestLimits,
    machine::{Machine, Reservable, SpaceBound},
};
use jamsocket::host::BoundValue;
use std::fmt;

/// How many memory maps a room takes at most: four while it lives, and two for its pooled stack.
const MAPS_PER_ROOM: u64 = 6;

/// How many memory maps are left to the rest of the process.
const MAPS_LEFT: u64 = 4096;

/// How many bytes of a guest's stack are kept for the host's functions that it calls.
pub(crate) const HOST_STACK_BYTES: usize = 512 << 10;

/// The size of a WebAssembly page, which is more than one of the machine.
const PAGE_BYTES: u64 = 64 << 10;

/// How many rooms an engine holds, how it reserves their memories, and what bounds the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Capacity {
    pub(crate) rooms: u32,
    pub(crate) layout: MemoryLayout,
    /// What bounds the rooms, if they are fewer than was asked for.
    pub(crate) bound: Option<CapacityBound>,
    /// How many rooms would have [`MemoryLayout::Guarded`].
    guarded_rooms: u32,
}

/// How much address space the memory of a room takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MemoryLayout {
    /// All that a 32-bit address reaches. No access needs a check, as what is beyond the memory is a guard.
    Guarded,
    /// No more than the memory may grow to. Each access is checked.
    Checked,
}

/// Why an engine holds fewer rooms than were asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CapacityBound {
    /// The kernel's `vm.max_map_count`.
    MaxMapCount(u64),
    /// The address space, in which each room takes so many bytes.
    Space { bound: SpaceBound, room_bytes: u64 },
}

impl MemoryLayout {
    /// How many bytes are reserved for a memory that may grow to `memory_bytes`.
    pub(crate) fn reservation(self, memory_bytes: usize) -> u64 {
        match self {
            Self::Guarded => 4 << 30,
            Self::Checked => whole_pages(memory_bytes),
        }
    }

    /// How many bytes without access follow a memory.
    pub(crate) fn guard(self) -> u64 {
        match self {
            Self::Guarded => 32 << 20,
            Self::Checked => PAGE_BYTES,
        }
    }

    /// How much address space a room takes.
    fn room_bytes(self, limits: &GuestLimits) -> u64 {
        let memory = self.reservation(limits.memory_bytes).saturating_add(self.guard());
        memory.saturating_add(writable_bytes(limits))
    }
}

impl Capacity {
    /// The rooms that were asked for, or as many of them as this machine allows.
    pub(crate) fn new(limits: &GuestLimits, machine: &Machine) -> Self {
        let mut rooms = limits.max_rooms;
        let mut bound = None;
        if let Some(maps) = machine.max_map_count
            && let Some(mapped) = fewer(maps.saturating_sub(MAPS_LEFT) / MAPS_PER_ROOM, rooms)
        {
            (rooms, bound) = (mapped, Some(CapacityBound::MaxMapCount(maps)));
        }
        let in_space = |space: Option<Reservable>, room_bytes: u64| {
            let Reservable { bytes, bound } = space?;
            Some((bytes / room_bytes.max(1), CapacityBound::Space { bound, room_bytes }))
        };
        let guarded = in_space(machine.addresses, MemoryLayout::Guarded.room_bytes(limits));
        let guarded_rooms = guarded.and_then(|(fitting, _)| fewer(fitting, rooms)).unwrap_or(rooms);
        let layout =
            if guarded_rooms == rooms { MemoryLayout::Guarded } else { MemoryLayout::Checked };
        let addresses = in_space(machine.addresses, layout.room_bytes(limits));
        let data = in_space(machine.data, writable_bytes(limits));
        for (fitting, why) in [addresses, data].into_iter().flatten() {
            if let Some(fitting) = fewer(fitting, rooms) {
                (rooms, bound) = (fitting, Some(why));
            }
        }
        Self { rooms, layout, bound, guarded_rooms }
    }

    /// Makes something for these rooms: a pool, all of which is reserved now, so that nothing of it is missing
    /// later. Where the system does not give as much as was computed, there are fewer rooms.
    ///
    /// # Errors
    ///
    /// The error of the first try, where not even one room is given.
    pub(crate) fn reserve<T, E>(
        self,
        limits: &GuestLimits,
        make: impl Fn(Self) -> Result<T, E>,
    ) -> Result<(T, Self), E> {
        let refused = match make(self) {
            Ok(made) => return Ok((made, self)),
            Err(refused) => refused,
        };
        let mut capacity = self;
        while let Some(half) = capacity.halved(limits) {
            capacity = half;
            if make(capacity).is_ok() {
                // What can be reserved is not all taken: the rest of the process needs some, too.
                let capacity = capacity.halved(limits).unwrap_or(capacity);
                return Ok((make(capacity)?, capacity));
            }
        }
        Err(refused)
    }

    /// Half as many rooms, in as little space as they can have, or `None` of one.
    fn halved(self, limits: &GuestLimits) -> Option<Self> {
        let rooms = Some(self.rooms / 2).filter(|rooms| *rooms > 0)?;
        let layout = MemoryLayout::Checked;
        let room_bytes = layout.room_bytes(limits);
        let bound = Some(CapacityBound::Space { bound: SpaceBound::Tried, room_bytes });
        Some(Self { rooms, layout, bound, guarded_rooms: 0 })
    }

    /// Says on the log what an operator may want to change.
    pub(crate) fn tell(self, limits: &GuestLimits) {
        if self.bound.is_some() {
            tracing::warn!(wanted = limits.max_rooms, "this process can hold {self}");
        } else if self.layout == MemoryLayout::Checked {
            let way_out = match self.guarded_rooms {
                0 => String::new(),
                rooms => format!("; there is with a `max_rooms` of {rooms}"),
            };
            tracing::warn!(
                "there is no address space for 4GiB a room, so that each access of a guest to its \
                 memory is checked, which takes time{way_out}"
            );
        }
    }
}

impl fmt::Display for Capacity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rooms of WebAssembly modules", self.rooms)?;
        match self.bound {
            None => Ok(()),
            Some(CapacityBound::MaxMapCount(maps)) => {
                write!(f, ", which is what the sysctl vm.max_map_count = {maps} allows")
            }
            Some(CapacityBound::Space { bound, room_bytes }) => {
                let smaller = match bound {
                    SpaceBound::DataLimit(_) => "smaller `stack_bytes` and `table_elements`",
                    _ => "a smaller `memory_bytes`",
                };
                let each = in_mib(room_bytes);
                write!(
                    f,
                    ", which is what {bound} allows; each takes {each} of it, and less with {smaller}"
                )
            }
        }
    }
}

/// A size in whole MiB, rounded up.
pub(crate) fn in_mib(bytes: u64) -> String {
    bytes.div_ceil(1 << 20).saturating_mul(1 << 20).to_size()
}

/// How many bytes of stack and table a room has.
fn writable_bytes(limits: &GuestLimits) -> u64 {
    let stack = limits.stack_bytes.saturating_add(HOST_STACK_BYTES);
    let table = (limits.table_elements as usize).saturating_mul(size_of::<usize>());
    // With a page before the stack.
    whole_pages(stack).saturating_add(whole_pages(table)).saturating_add(PAGE_BYTES)
}

fn whole_pages(bytes: usize) -> u64 {
    (bytes as u64).div_ceil(PAGE_BYTES).saturating_mul(PAGE_BYTES)
}

/// `fitting`, if that is fewer than `wanted`.
fn fewer(fitting: u64, wanted: u32) -> Option<u32> {
    u32::try_from(fitting).ok().filter(|fitting| *fitting < wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanting(max_rooms: u32) -> GuestLimits {
        GuestLimits { max_rooms, ..GuestLimits::default() }
    }

    fn mapping(max_map_count: u64) -> Machine {
        Machine { max_map_count: Some(max_map_count), ..Machine::default() }
    }

    fn addressing(bytes: u64) -> Machine {
        let bound = SpaceBound::AddressLimit(bytes);
        Machine { addresses: Some(Reservable { bytes, bound }), ..Machine::default() }
    }

    #[test]
    fn the_kernels_maps_bound_the_rooms() {
        let cut = Capacity::new(&wanting(20_000), &mapping(65_530));
        assert_eq!((cut.rooms, cut.layout), (10_239, MemoryLayout::Guarded));
        assert_eq!(
            cut.to_string(),
            "10239 rooms of WebAssembly modules, \
             which is what the sysctl vm.max_map_count = 65530 allows"
        );
    }

    #[test]
    fn rooms_that_the_machine_has_place_for_are_all_there() {
        for machine in
            [Machine::default(), mapping(65_530), mapping(u64::MAX), addressing(u64::MAX)]
        {
            let whole = Capacity::new(&wanting(10_239), &machine);
            assert_eq!((whole.rooms, whole.layout), (10_239, MemoryLayout::Guarded));
            assert_eq!(whole.to_string(), "10239 rooms of WebAssembly modules");
        }
    }

    #[test]
    fn a_kernel_with_hardly_any_maps_allows_no_room() {
        for (maps, rooms) in [(4101, 0), (4102, 1), (0, 0)] {
            assert_eq!(Capacity::new(&wanting(1), &mapping(maps)).rooms, rooms);
        }
    }

    #[test]
    fn memories_are_guarded_where_all_rooms_have_the_place_for_that() {
        let room = MemoryLayout::Guarded.room_bytes(&wanting(1));
        let enough = Capacity::new(&wanting(10), &addressing(10 * room));
        assert_eq!((enough.rooms, enough.layout), (10, MemoryLayout::Guarded));
        let few = Capacity::new(&wanting(10), &addressing(10 * room - 1));
        assert_eq!((few.rooms, few.layout), (10, MemoryLayout::Checked));
        assert_eq!((few.guarded_rooms, few.bound), (9, None));
    }

    #[test]
    fn little_address_space_holds_few_rooms() {
        let room = MemoryLayout::Checked.room_bytes(&wanting(1));
        for (bytes, rooms) in [(room - 1, 0), (room, 1), (8 * room - 1, 7), (8 * room, 8)] {
            let capacity = Capacity::new(&wanting(10_000), &addressing(bytes));
            assert_eq!((capacity.rooms, capacity.layout), (rooms, MemoryLayout::Checked));
        }
        let capacity = Capacity::new(&wanting(10_000), &addressing(1 << 30));
        assert_eq!(
            capacity.to_string(),
            "15 rooms of WebAssembly modules, which is what an address space of 1GiB (ulimit -v) \
             allows; each takes 66MiB of it, and less with a smaller `memory_bytes`"
        );
    }

    #[test]
    fn smaller_memories_leave_place_for_more_rooms() {
        let small = GuestLimits { memory_bytes: (1 << 20) + 1, ..wanting(10_000) };
        assert_eq!(MemoryLayout::Checked.reservation(small.memory_bytes), (1 << 20) + PAGE_BYTES);
        let rooms = Capacity::new(&small, &addressing(1 << 30)).rooms;
        assert!(rooms > 300, "{rooms}");
    }

    #[test]
    fn the_data_size_bounds_stacks_and_tables() {
        let bound = SpaceBound::DataLimit(7);
        let room = writable_bytes(&wanting(1));
        let data = Some(Reservable { bytes: 3 * room, bound });
        let capacity = Capacity::new(&wanting(10), &Machine { data, ..Machine::default() });
        assert_eq!((capacity.rooms, capacity.layout), (3, MemoryLayout::Guarded));
    }

    #[test]
    fn limits_beyond_all_measure_allow_no_room() {
        let limits = GuestLimits {
            memory_bytes: usize::MAX,
            stack_bytes: usize::MAX,
            table_elements: u32::MAX,
            ..wanting(1)
        };
        assert_eq!(Capacity::new(&limits, &addressing(1 << 46)).rooms, 0);
    }

    #[test]
    fn where_a_reservation_fails_half_of_what_can_be_reserved_is_taken() {
        let limits = wanting(100);
        let computed = Capacity::new(&limits, &Machine::default());
        let reserve = |most: u32| {
            let make = |capacity: Capacity| match capacity.rooms <= most {
                true => Ok(capacity.rooms),
                false => Err(capacity.rooms),
            };
            computed.reserve(&limits, make)
        };
        assert_eq!(reserve(100), Ok((100, computed)));
        for (most, rooms) in [(99, 25), (49, 12), (3, 1), (1, 1)] {
            let (made, capacity) = reserve(most).unwrap();
            assert_eq!((made, capacity.rooms), (rooms, rooms), "of {most}");
            assert_eq!(capacity.layout, MemoryLayout::Checked);
        }
        assert_eq!(reserve(0), Err(100));
    }
}
