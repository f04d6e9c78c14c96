use super::{ROOT, Resource, cgroup, kib_of, text, ulimit};
use std::path::Path;

/// Half of what a machine is taken to have that does not say.
const HALF_OF_SOME_MACHINE: usize = 1 << 30;

/// The default of [`GuestLimits::total_memory_bytes`](crate::GuestLimits::total_memory_bytes): half of the
/// memory that this process may have, in whole MiB.
pub(crate) fn half_of_the_memory() -> usize {
    let ulimits = [Resource::AddressSpace, Resource::Data].map(ulimit);
    half_of(memory(Path::new(ROOT)).into_iter().chain(ulimits.into_iter().flatten()))
}

/// The memory of the machine and that of the containers around this process, as far as they are known.
fn memory(root: &Path) -> Vec<u64> {
    let machine = text(root, "proc/meminfo").and_then(|meminfo| kib_of(&meminfo, "MemTotal"));
    machine.into_iter().chain(cgroup::memory_limit(root)).collect()
}

fn half_of(bounds: impl IntoIterator<Item = u64>) -> usize {
    let half = bounds.into_iter().min().map(|bytes| (bytes / 2) >> 20 << 20);
    let half = half.and_then(|half| usize::try_from(half).ok());
    half.filter(|half| *half > 0).unwrap_or(HALF_OF_SOME_MACHINE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn half_in(files: &[(&str, &str)]) -> usize {
        let root = tempfile::tempdir().unwrap();
        for (path, content) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        half_of(memory(root.path()))
    }

    const MEMINFO: (&str, &str) =
        ("proc/meminfo", "MemTotal:       24684092 kB\nMemFree:         6383176 kB\n");

    #[test]
    fn without_a_container_it_is_half_of_the_machines() {
        assert_eq!(half_in(&[MEMINFO]), 12_052 << 20);
    }

    #[test]
    fn in_a_container_it_is_half_of_that() {
        let files = [
            MEMINFO,
            ("proc/self/cgroup", "0::/\n"),
            ("proc/self/mountinfo", "1 0 0:1 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"),
            ("sys/fs/cgroup/memory.max", "536870912\n"),
        ];
        assert_eq!(half_in(&files), 256 << 20);
        let [meminfo, cgroup, mounts, (path, _)] = files;
        // A container that may have more than there is.
        assert_eq!(half_in(&[meminfo, cgroup, mounts, (path, "99999999999999")]), 12_052 << 20);
    }

    #[test]
    fn a_machine_that_does_not_say_is_some_machine() {
        for text in ["", "MemFree: 1 kB", "MemTotal: 4096", "MemTotal: x kB", "MemTotal: 0 kB"] {
            assert_eq!(half_in(&[("proc/meminfo", text)]), 1 << 30, "{text}");
        }
        assert_eq!(half_in(&[]), 1 << 30);
    }

    #[test]
    fn the_smallest_bound_counts() {
        assert_eq!(half_of([8 << 30, 3 << 30, 4 << 30]), 3 << 29);
        assert!(half_of_the_memory() > 0);
    }
}
