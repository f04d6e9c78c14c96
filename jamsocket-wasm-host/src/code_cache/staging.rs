use std::{
    fs::{self, File},
    io,
    path::{Component, Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tempfile::TempDir;
use wasmtime::{Cache, CacheConfig};

/// How the folders' names begin.
const PREFIX: &str = ".staging-";

/// The file by which wasmtime's own cache sees that its folder was cleaned up, and when. It is locked as long
/// as the folder is in use.
const CLEANED_UP: &str = ".cleanup.wip-0";

/// After which time a folder has been locked, if it is in use.
const LOCKING_TIME: Duration = Duration::from_secs(60);

/// Longer than a process lives.
const FOREVER: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// The folder in which wasmtime's own cache has its files, while a module is made. It is this process's own,
/// and there is nothing in it when it is made.
#[derive(Debug)]
pub(super) struct Staging {
    folder: TempDir,
    _lock: File,
    cache: Cache,
    /// The paths of the files that are here for loads which are under way.
    put: Mutex<Vec<String>>,
}

/// A file of wasmtime's own cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Staged {
    /// Where the file is, below the folder.
    path: String,
    code: Vec<u8>,
}

impl Staging {
    /// Makes a folder in `parent`, and removes those of processes that were killed. No other user can write to
    /// `parent`.
    ///
    /// # Errors
    ///
    /// `parent` cannot be written to.
    pub(super) fn new(parent: &Path) -> io::Result<Self> {
        remove_abandoned(parent);
        let mut builder = tempfile::Builder::new();
        builder.prefix(PREFIX);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(fs::Permissions::from_mode(0o700));
        }
        let folder = builder.tempdir_in(parent)?;
        let lock = File::create(folder.path().join(CLEANED_UP))?;
        lock.try_lock()?;
        let mut config = CacheConfig::new();
        config
            .with_directory(folder.path())
            // The files are here for a moment: they are not packed again, and not cleaned up.
            .with_optimized_compression_usage_counter_threshold(u64::MAX)
            .with_cleanup_interval(FOREVER);
        let cache = Cache::new(config).map_err(|error| io::Error::other(format!("{error:#}")))?;
        Ok(Self { folder, _lock: lock, cache, put: Mutex::default() })
    }

    pub(super) fn cache(&self) -> Cache {
        self.cache.clone()
    }

    /// Has wasmtime find a file, until [`take`](Self::take) is called for it.
    pub(super) fn put(&self, staged: &Staged) {
        self.lock().push(staged.path.clone());
        let path = self.folder.path().join(&staged.path);
        let folder = path.parent().unwrap_or(self.folder.path());
        let put = fs::create_dir_all(folder).and_then(|()| fs::write(&path, &staged.code));
        if let Err(error) = put {
            tracing::debug!("cannot use a compiled module: {error}");
            // Half of it would be taken for all.
            let _ = fs::remove_file(path);
        }
    }

    /// Removes the file that was `put`, and returns another one, if there is one: that of a module which was
    /// compiled.
    ///
    /// Of modules that are compiled at the same time, the file of one may be returned for another. It is of
    /// no use to that, and does no harm: wasmtime finds a file by the module that it is of.
    pub(super) fn take(&self, put: Option<&Staged>) -> Option<Staged> {
        let mut held = self.lock();
        if let Some(at) = held.iter().position(|path| put.is_some_and(|put| put.path == *path)) {
            held.swap_remove(at);
        }
        let mut made = None;
        for path in files_below(self.folder.path()) {
            let below = path.strip_prefix(self.folder.path()).ok().and_then(Path::to_str);
            let Some(below) = below.filter(|below| !held.iter().any(|path| path == below)) else {
                continue;
            };
            match path.extension() {
                None if put.is_none_or(|put| put.path != below) => {
                    let code = fs::read(&path).ok();
                    made = code.map(|code| Staged { path: below.to_owned(), code }).or(made);
                }
                // What wasmtime has noted about the files.
                None => {}
                Some(extension) if extension == "stats" => {}
                // It is being written.
                Some(_) => continue,
            }
            let _ = fs::remove_file(path);
        }
        made
    }

    fn lock(&self) -> MutexGuard<'_, Vec<String>> {
        self.put.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Staged {
    /// The path, its length before it, and the code after it.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let len = u32::try_from(self.path.len()).unwrap_or(u32::MAX);
        [&len.to_le_bytes(), self.path.as_bytes(), &self.code].concat()
    }

    /// What was written by [`to_bytes`](Self::to_bytes).
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let (len, rest) = bytes.split_first_chunk()?;
        let (path, code) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)?;
        let path = std::str::from_utf8(path).ok()?;
        let mut parts = Path::new(path).components();
        let is_below = !path.is_empty() && parts.all(|part| matches!(part, Component::Normal(_)));
        is_below.then(|| Self { path: path.to_owned(), code: code.to_owned() })
    }
}

/// Removes the folders of processes that have ended without doing so.
fn remove_abandoned(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        let lock = File::open(entry.path().join(CLEANED_UP));
        let is_locked = lock.is_ok_and(|lock| lock.try_lock().is_err());
        let age = entry.metadata().and_then(|found| found.modified()).map(|made| made.elapsed());
        if !is_locked && age.is_ok_and(|age| age.is_ok_and(|age| age > LOCKING_TIME)) {
            // Another process may be doing the same.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// All files below a folder, links not followed.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                Ok(kind) if kind.is_file() => files.push(entry.path()),
                _ => {}
            }
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    fn staged(path: &str) -> Staged {
        Staged { path: path.to_owned(), code: b"code".to_vec() }
    }

    /// The files that modules are made of.
    fn files(staging: &Staging) -> Vec<PathBuf> {
        let files = files_below(staging.folder.path()).into_iter();
        files.filter(|path| !path.ends_with(CLEANED_UP)).collect()
    }

    #[test]
    fn a_file_is_read_as_it_was_written() {
        let file = staged("modules/version/name");
        assert_eq!(Staged::parse(&file.to_bytes()), Some(file));
    }

    #[test]
    fn no_file_is_put_elsewhere() {
        for path in ["", "/etc/x", "../x", "a/../../x", "./x"] {
            assert_eq!(Staged::parse(&staged(path).to_bytes()), None, "{path}");
        }
        for bytes in
            [b"".as_slice(), b"\x01\0\0", b"\x02\0\0\0x", b"\xff\xff\xff\xffx", b"\x01\0\0\0\xff"]
        {
            assert_eq!(Staged::parse(bytes), None);
        }
    }

    #[test]
    fn what_was_made_is_told_from_what_was_put() {
        let folder = tempfile::tempdir().unwrap();
        let staging = Staging::new(folder.path()).unwrap();
        let (known, made) = (staged("modules/v/known"), staged("modules/v/made"));
        staging.put(&known);
        assert_eq!(staging.take(Some(&known)), None);
        staging.put(&known);
        for path in [made.path.as_str(), "modules/v/made.stats"] {
            fs::write(staging.folder.path().join(path), "code").unwrap();
        }
        assert_eq!(staging.take(Some(&known)), Some(made));
        assert!(files(&staging).is_empty());
    }

    #[test]
    fn what_another_load_has_put_stays() {
        let folder = tempfile::tempdir().unwrap();
        let staging = Staging::new(folder.path()).unwrap();
        let [one, other] = ["modules/v/one", "modules/v/other"].map(staged);
        staging.put(&one);
        staging.put(&other);
        assert_eq!(staging.take(Some(&one)), None);
        assert_eq!(files(&staging), [staging.folder.path().join(&other.path)]);
        assert_eq!(staging.take(Some(&other)), None);
        assert!(files(&staging).is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn the_folder_is_for_this_user_alone_and_gone_in_the_end() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let staging = Staging::new(folder.path()).unwrap();
        let path = staging.folder.path().to_owned();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        staging.put(&staged("modules/v/x"));
        drop(staging);
        assert!(!path.exists());
    }

    #[test]
    fn folders_of_processes_that_were_killed_are_removed() {
        let parent = tempfile::tempdir().unwrap();
        let running = Staging::new(parent.path()).unwrap();
        let [killed, new] =
            ["killed", "new"].map(|name| parent.path().join(PREFIX.to_owned() + name));
        for folder in [&killed, &new] {
            fs::create_dir_all(folder.join("modules")).unwrap();
            fs::write(folder.join(CLEANED_UP), "").unwrap();
        }
        let long_ago = std::time::SystemTime::now() - 2 * LOCKING_TIME;
        for folder in [running.folder.path(), &killed] {
            File::open(folder).unwrap().set_modified(long_ago).unwrap();
        }
        let other = Staging::new(parent.path()).unwrap();
        assert!(running.folder.path().exists() && other.folder.path().exists() && new.exists());
        assert!(!killed.exists());
    }
}
