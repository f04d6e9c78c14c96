//! What the machine gives to this process: memory, memory maps and address space.
//!
//! A process may have less than the machine: a container's cgroup bounds its memory, `ulimit` its address
//! space, and the kernel the number of its maps. Everything here is read from files of Linux, below a
//! folder that tests choose. On other systems nothing is known, and nothing is bounded.

mod address_space;
mod cgroup;
mod memory;

pub(crate) use address_space::{Reservable, SpaceBound};
pub(crate) use memory::half_of_the_memory;

use jamsocket::host::read_text_file;
use std::path::Path;

/// The most bytes of a file of the kernel that are read.
const MAX_FILE_BYTES: u64 = 4 << 20;

/// The root of this machine's files.
const ROOT: &str = "/";

/// What bounds the rooms of an engine, as it is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Machine {
    /// The kernel's `vm.max_map_count`.
    pub(crate) max_map_count: Option<u64>,
    /// The addresses that a pool may take.
    pub(crate) addresses: Option<Reservable>,
    /// The writable memory that a pool may take.
    pub(crate) data: Option<Reservable>,
}

impl Machine {
    pub(crate) fn this() -> Self {
        let root = Path::new(ROOT);
        Self {
            max_map_count: number(root, "proc/sys/vm/max_map_count"),
            addresses: address_space::addresses(root),
            data: address_space::data(root),
        }
    }
}

/// A file of the kernel, or `None` where there is no such file.
fn text(root: &Path, path: &str) -> Option<String> {
    read_text_file(&root.join(path), MAX_FILE_BYTES).ok()
}

/// A file that has one number.
fn number(root: &Path, path: &str) -> Option<u64> {
    text(root, path)?.trim().parse().ok()
}

/// The value of `key` in a file of lines such as `VmSize:  1234 kB`, in bytes.
fn kib_of(text: &str, key: &str) -> Option<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
    value.trim().strip_suffix("kB")?.trim_end().parse::<u64>().ok()?.checked_mul(1 << 10)
}

/// What this process may have of a resource at most, where `ulimit` says so.
#[cfg(unix)]
fn ulimit(resource: Resource) -> Option<u64> {
    rustix::process::getrlimit(match resource {
        Resource::AddressSpace => rustix::process::Resource::As,
        Resource::Data => rustix::process::Resource::Data,
    })
    .current
}

#[cfg(not(unix))]
fn ulimit(_: Resource) -> Option<u64> {
    None
}

/// A resource that `ulimit` bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Resource {
    /// `ulimit -v`.
    AddressSpace,
    /// `ulimit -d`.
    Data,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_with_a_unit_are_found_by_their_whole_key() {
        let status = "VmPeak:\t  10 kB\nVmSize:\t    9 kB\nVmSizes: 1 kB\nThreads:\t4\n";
        assert_eq!(kib_of(status, "VmSize"), Some(9 << 10));
        for key in ["Vm", "Threads", "VmData"] {
            assert_eq!(kib_of(status, key), None, "{key}");
        }
    }

    #[test]
    fn this_machine_can_be_asked() {
        let machine = Machine::this();
        assert_eq!(machine.max_map_count.is_some(), cfg!(target_os = "linux"));
        assert_eq!(machine.addresses.is_some(), cfg!(target_os = "linux"));
    }
}
