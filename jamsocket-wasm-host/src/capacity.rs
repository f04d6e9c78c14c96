use std::{fmt, fs};

/// How many memory maps a room takes at most: four while it lives, and two for its pooled stack.
const MAPS_PER_ROOM: u64 = 6;

/// How many memory maps are left to the rest of the process.
const MAPS_LEFT: u64 = 4096;

/// How many rooms an engine holds, and what bounds them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Capacity {
    pub(crate) rooms: u32,
    /// The kernel's `vm.max_map_count`, where that is what bounds the rooms.
    pub(crate) max_map_count: Option<u64>,
}

impl Capacity {
    /// The rooms that were asked for, or as many of them as this machine allows.
    pub(crate) fn on_this_machine(wanted: u32) -> Self {
        // Only Linux bounds the maps of a process, and only Linux has this file.
        let max_map_count = fs::read_to_string("/proc/sys/vm/max_map_count")
            .ok()
            .and_then(|text| text.trim().parse().ok());
        Self::new(wanted, max_map_count)
    }

    fn new(wanted: u32, max_map_count: Option<u64>) -> Self {
        let mapped = max_map_count.map(|maps| maps.saturating_sub(MAPS_LEFT) / MAPS_PER_ROOM);
        match mapped.and_then(|rooms| u32::try_from(rooms).ok()) {
            Some(rooms) if rooms < wanted => Self { rooms, max_map_count },
            _ => Self { rooms: wanted, max_map_count: None },
        }
    }
}

impl fmt::Display for Capacity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rooms of WebAssembly modules", self.rooms)?;
        match self.max_map_count {
            Some(maps) => write!(f, ", which is what the sysctl vm.max_map_count = {maps} allows"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Capacity;

    #[test]
    fn the_kernels_maps_bound_the_rooms() {
        let cut = Capacity::new(20_000, Some(65_530));
        assert_eq!(cut.rooms, 10_239);
        assert_eq!(
            cut.to_string(),
            "10239 rooms of WebAssembly modules, \
             which is what the sysctl vm.max_map_count = 65530 allows"
        );
    }

    #[test]
    fn rooms_that_the_kernel_has_maps_for_are_all_there() {
        for maps in [None, Some(65_530), Some(u64::MAX)] {
            let whole = Capacity::new(10_239, maps);
            assert_eq!(whole.rooms, 10_239);
            assert_eq!(whole.to_string(), "10239 rooms of WebAssembly modules");
        }
    }

    #[test]
    fn a_kernel_with_hardly_any_maps_allows_no_room() {
        assert_eq!(Capacity::new(1, Some(4101)).rooms, 0);
        assert_eq!(Capacity::new(1, Some(4102)).rooms, 1);
        assert_eq!(Capacity::new(1, Some(0)).rooms, 0);
    }
}
