//! The bounds of the cgroups that this process is in (man 7 cgroups): those of a container, mostly.

use super::text;
use std::path::{Path, PathBuf};

/// How many bytes of memory the processes of the cgroup may have, or of one that it is in: the smallest of
/// those bounds, or `None` without any.
///
/// It is `memory.max` and `memory.high` of version 2 and `memory.limit_in_bytes` of version 1. Where both
/// versions are mounted, the memory is controlled by one of them, and the files of the other are missing.
pub(super) fn memory_limit(root: &Path) -> Option<u64> {
    let groups = text(root, "proc/self/cgroup")?;
    let mounts = text(root, "proc/self/mountinfo")?;
    let mounts = mounts.lines().filter_map(Mount::parse).filter_map(|mount| {
        let path = groups.lines().find_map(|line| mount.version.path_in(line))?;
        Some((mount.version, mount.folders_of(root, path)))
    });
    let limits = mounts.flat_map(|(version, folders)| {
        folders.into_iter().flat_map(move |folder| {
            let read = move |file: &&str| text(&folder, file)?.trim().parse::<u64>().ok();
            version.files().iter().filter_map(read).collect::<Vec<_>>()
        })
    });
    limits.min()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

impl Version {
    /// The files that bound the memory.
    fn files(self) -> &'static [&'static str] {
        match self {
            Version::One => &["memory.limit_in_bytes"],
            Version::Two => &["memory.max", "memory.high"],
        }
    }

    /// The path of this process's cgroup in a line `ID:CONTROLLERS:PATH`, if the line is about this
    /// hierarchy.
    fn path_in(self, line: &str) -> Option<&str> {
        let (id, rest) = line.split_once(':')?;
        let (controllers, path) = rest.split_once(':')?;
        let is_it = match self {
            Version::One => controllers.split(',').any(|name| name == "memory"),
            Version::Two => id == "0" && controllers.is_empty(),
        };
        is_it.then_some(path)
    }
}

/// Where a hierarchy of cgroups is mounted.
#[derive(Debug, PartialEq, Eq)]
struct Mount {
    version: Version,
    /// The cgroup that is seen at the mount point. A container may see its own there.
    top: String,
    point: String,
}

impl Mount {
    /// Reads a line of `mountinfo`:
    /// `36 35 98:0 /top /point rw,noatime master:1 - ext3 /dev/root rw,errors=continue`.
    fn parse(line: &str) -> Option<Self> {
        let (mount, system) = line.split_once(" - ")?;
        let mut mount = mount.split(' ').skip(3);
        let (top, point) = (mount.next()?, mount.next()?);
        let mut system = system.split(' ');
        let version = match system.next()? {
            "cgroup2" => Version::Two,
            "cgroup" if system.nth(1)?.split(',').any(|option| option == "memory") => Version::One,
            _ => return None,
        };
        Some(Self { version, top: top.to_owned(), point: point.to_owned() })
    }

    /// The folders of the cgroup `path` and of those that it is in, as far as they are seen from here.
    fn folders_of(&self, root: &Path, path: &str) -> Vec<PathBuf> {
        let point = root.join(self.point.trim_start_matches('/'));
        // Seen from outside of the container that the mount is for, the path begins with its top.
        let below = Path::new(path).strip_prefix(&self.top).unwrap_or(Path::new(path));
        let below = below.strip_prefix("/").unwrap_or(below);
        below.ancestors().map(|group| point.join(group)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const TWO: &str =
        "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate";
    const ONE: &str = "33 23 0:29 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory";

    /// The limit with these cgroups, mounts, and files below `/sys/fs/cgroup`.
    fn limit(groups: &str, mounts: &str, files: &[(&str, &str)]) -> Option<u64> {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, content: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        };
        write("proc/self/cgroup", groups);
        write("proc/self/mountinfo", mounts);
        for (path, content) in files {
            write(&format!("sys/fs/cgroup/{path}"), content);
        }
        memory_limit(root.path())
    }

    #[test]
    fn a_container_sees_its_own_cgroup_at_the_top() {
        assert_eq!(limit("0::/\n", TWO, &[("memory.max", "1073741824\n")]), Some(1 << 30));
        assert_eq!(limit("0::/\n", TWO, &[("memory.max", "max\n")]), None);
    }

    #[test]
    fn the_smallest_bound_of_all_cgroups_around_counts() {
        let files = [
            ("a.slice/memory.max", "4000"),
            ("a.slice/b.scope/memory.max", "max"),
            ("a.slice/b.scope/memory.high", "5000"),
            ("other/memory.max", "1"),
        ];
        assert_eq!(limit("0::/a.slice/b.scope\n", TWO, &files), Some(4000));
        assert_eq!(limit("0::/a.slice/b.scope/c\n", TWO, &files[1..]), Some(5000));
        assert_eq!(limit("0::/c\n", TWO, &files), None);
    }

    #[test]
    fn a_mount_may_show_a_part_of_the_hierarchy() {
        let mount = TWO.replace(" / /sys", " /docker/1f /sys");
        let files = [("memory.max", "7000"), ("below/memory.max", "6000")];
        assert_eq!(limit("0::/docker/1f\n", &mount, &files), Some(7000));
        assert_eq!(limit("0::/docker/1f/below\n", &mount, &files), Some(6000));
    }

    #[test]
    fn version_1_is_heeded_too_and_beside_version_2() {
        let groups = "5:cpu,cpuacct:/x\n4:memory:/a/b\n0::/\n";
        let files = [("memory/a/memory.limit_in_bytes", "9000"), ("memory.max", "8000")];
        assert_eq!(limit(groups, ONE, &files), Some(9000));
        let both = format!("{ONE}\n{}", TWO.replace("/sys/fs/cgroup", "/sys/fs/cgroup/unified"));
        assert_eq!(limit(groups, &both, &files), Some(9000));
    }

    #[test]
    fn files_that_are_missing_or_strange_bound_nothing() {
        for (groups, mounts) in
            [("", ""), ("x\n0:\n", TWO), ("0::/\n", "x - y\n1 2 3 - cgroup2"), ("1:cpu:/\n", ONE)]
        {
            assert_eq!(limit(groups, mounts, &[("memory.max", "1")]), None, "{groups} {mounts}");
        }
        assert_eq!(limit("0::/\n", TWO, &[("memory.max", "-1"), ("memory.high", "x")]), None);
        assert_eq!(memory_limit(Path::new("/no/such/folder")), None);
    }
}
