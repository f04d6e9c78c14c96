use super::{Resource, kib_of, text, ulimit};
use jamsocket::host::BoundValue;
use std::{fmt, path::Path, thread::available_parallelism};

/// What is left to the rest of the process, besides an eighth of the whole: connections, messages, and what
/// the compiler needs.
const LEFT_BYTES: u64 = 384 << 20;

/// What is left to each core: the stacks of its threads, and what those have allocated.
const LEFT_BYTES_PER_CORE: u64 = 8 << 20;

/// How large that eighth is at most.
const MAX_EIGHTH: u64 = 16 << 30;

/// Where a program's own addresses end at the latest. What is above is the kernel's.
const KERNEL_BEGIN: u64 = 1 << 63;

/// How many bytes a pool may reserve, and why no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reservable {
    pub(crate) bytes: u64,
    pub(crate) bound: SpaceBound,
}

/// What bounds the address space of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SpaceBound {
    /// `ulimit -v`, in bytes.
    AddressLimit(u64),
    /// `ulimit -d`, in bytes.
    DataLimit(u64),
    /// The kernel, whose programs have so many bytes in one piece.
    Kernel(u64),
    /// It is not known, and the reservation of more has failed.
    Tried,
}

/// The addresses that a pool of this process may take now, or `None` where that is not known.
pub(super) fn addresses(root: &Path) -> Option<Reservable> {
    let hole = text(root, "proc/self/maps").as_deref().and_then(largest_hole);
    let kernel = hole.map(|hole| reservable(SpaceBound::Kernel(hole), hole, 0));
    let limit = ulimit(Resource::AddressSpace)
        .map(|limit| reservable(SpaceBound::AddressLimit(limit), limit, used(root, "VmSize")));
    kernel.into_iter().chain(limit).min_by_key(|space| space.bytes)
}

/// The writable memory that a pool of this process may take now, or `None` without a bound. The memories of
/// guests are written later, and half is left to them.
pub(super) fn data(root: &Path) -> Option<Reservable> {
    let limit = ulimit(Resource::Data)?;
    let all = reservable(SpaceBound::DataLimit(limit), limit, used(root, "VmData"));
    Some(Reservable { bytes: all.bytes / 2, ..all })
}

fn used(root: &Path, key: &str) -> u64 {
    text(root, "proc/self/status").and_then(|status| kib_of(&status, key)).unwrap_or_default()
}

fn reservable(bound: SpaceBound, bytes: u64, used: u64) -> Reservable {
    let cores = available_parallelism().map_or(1, |cores| cores.get() as u64);
    let left = LEFT_BYTES + cores * LEFT_BYTES_PER_CORE + (bytes / 8).min(MAX_EIGHTH);
    Reservable { bytes: bytes.saturating_sub(used).saturating_sub(left), bound }
}

/// As a noun: `the address space of 4GiB (ulimit -v)`.
impl fmt::Display for SpaceBound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = |bytes: &u64| (bytes >> 20 << 20).to_size();
        match self {
            Self::AddressLimit(limit) => {
                write!(f, "an address space of {} (ulimit -v)", size(limit))
            }
            Self::DataLimit(limit) => write!(f, "a data size of {} (ulimit -d)", size(limit)),
            Self::Kernel(hole) => write!(f, "a free address space of {}", size(hole)),
            Self::Tried => f.write_str("the address space that this system gives to the process"),
        }
    }
}

/// The largest stretch of addresses that is free below the last mapping, which is the stack.
///
/// `maps` has lines such as `7efc314bc000-7efc314be000 r--p 00031000 fe:00 325843 /usr/lib/ld.so`, in the
/// order of addresses.
fn largest_hole(maps: &str) -> Option<u64> {
    let range = |line: &str| {
        let (begin, rest) = line.split_once('-')?;
        let address = |text| u64::from_str_radix(text, 16).ok();
        Some((address(begin)?, address(rest.split(' ').next()?)?))
    };
    let mut end_before = 0;
    let mut largest = None;
    for (begin, end) in
        maps.lines().filter_map(range).take_while(|(begin, _)| *begin < KERNEL_BEGIN)
    {
        largest = largest.max(Some(begin.saturating_sub(end_before)));
        end_before = end;
    }
    largest
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As on a kernel whose programs have 39 bits of addresses.
    const MAPS_OF_39_BITS: &str = "\
        5555555000-5555557000 r--p 00000000 fe:00 247030 /usr/bin/jamsocket\n\
        5555557000-5555560000 r-xp 00002000 fe:00 247030 /usr/bin/jamsocket\n\
        7fb7e00000-7fb7f00000 rw-p 00000000 00:00 0\n\
        7ffffdf000-8000000000 rw-p 00000000 00:00 0 [stack]\n";

    #[test]
    fn the_largest_hole_is_between_two_mappings_or_before_the_first() {
        assert_eq!(largest_hole(MAPS_OF_39_BITS), Some(0x55_5555_5000));
        let filled = format!("10000-5000000000 ---p 00000000 00:00 0\n{MAPS_OF_39_BITS}");
        assert_eq!(largest_hole(&filled), Some(0x7f_b7e0_0000 - 0x55_5556_0000));
        assert_eq!(largest_hole(""), None);
        assert_eq!(largest_hole("x\n1-\nzz-1 r\n"), None);
    }

    #[test]
    fn what_is_the_kernels_is_no_hole() {
        let maps = "1000-2000 r--p\nffffffffff600000-ffffffffff601000 --xp 0 00:00 0 [vsyscall]\n";
        assert_eq!(largest_hole(maps), Some(0x1000));
    }

    #[test]
    fn an_eighth_and_some_are_left_to_the_rest_of_the_process() {
        let free =
            |bytes: u64, used: u64| reservable(SpaceBound::AddressLimit(bytes), bytes, used).bytes;
        let cores = available_parallelism().unwrap().get() as u64;
        let left = (384 << 20) + cores * (8 << 20);
        assert_eq!(free(1 << 36, 100 << 20), (7 << 33) - (100 << 20) - left);
        assert_eq!(free(1 << 40, 0), (1 << 40) - (16 << 30) - left);
        assert_eq!(free(256 << 20, 0), 0);
        assert_eq!(free(u64::MAX, u64::MAX), 0);
    }

    #[test]
    fn a_bound_is_told_with_the_command_that_sets_it() {
        for (bound, text) in [
            (SpaceBound::AddressLimit((4 << 30) + 5), "an address space of 4GiB (ulimit -v)"),
            (SpaceBound::DataLimit(5 << 20), "a data size of 5MiB (ulimit -d)"),
            (SpaceBound::Kernel(341 << 30), "a free address space of 341GiB"),
        ] {
            assert_eq!(bound.to_string(), text);
        }
    }
}
