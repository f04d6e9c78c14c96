use super::{
    key::{Id, Key, TAG_BYTES},
    staging::Staged,
};
use jamsocket::host::read_file;
use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};
use tempfile::NamedTempFile;

/// How many bytes one file may have.
const MAX_FILE_BYTES: u64 = 256 << 20;

/// How many bytes all files may have together.
const MAX_BYTES: u64 = 512 << 20;

/// To how many bytes they are brought down then.
const KEPT_BYTES: u64 = 384 << 20;

/// How a file begins whose writing was interrupted.
const UNFINISHED: &str = ".unfinished-";

/// After which time such a file has no process any more that goes on writing it.
const UNFINISHED_TIME: Duration = Duration::from_secs(3600);

/// The files of the cache: the tag of a file, then what wasmtime's own cache wrote.
#[derive(Debug)]
pub(super) struct Store {
    folder: PathBuf,
}

impl Store {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// What is kept of a module, if its tag is right.
    pub(super) fn read(&self, key: &Key, id: &Id) -> Option<Staged> {
        let path = self.path_of(id);
        let content = match read_file(&path, MAX_FILE_BYTES) {
            Ok(content) => content,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::debug!("cannot read the compiled module {}: {error}", path.display());
                return None;
            }
        };
        let verified = content.split_at_checked(TAG_BYTES).and_then(|(tag, signed)| {
            key.is_tag(id, signed, tag).then(|| Staged::parse(signed)).flatten()
        });
        if verified.is_none() {
            tracing::warn!(
                "the compiled module {} is damaged, or was not written by this user, and is not used",
                path.display()
            );
        }
        verified
    }

    /// Keeps what was made of a module.
    pub(super) fn write(&self, key: &Key, id: &Id, made: &Staged) {
        let signed = made.to_bytes();
        if (signed.len() + TAG_BYTES) as u64 > MAX_FILE_BYTES {
            return;
        }
        if let Err(error) = self.replace(id, &key.tag(id, &signed), &signed) {
            tracing::debug!("cannot keep a compiled module in {}: {error}", self.folder.display());
        }
        if let Err(error) = clean(&self.folder, MAX_BYTES, KEPT_BYTES) {
            tracing::debug!("cannot look through {}: {error}", self.folder.display());
        }
    }

    /// Takes down that a module was used.
    pub(super) fn touch(&self, id: &Id) {
        let touched = File::options()
            .write(true)
            .open(self.path_of(id))
            .and_then(|file| file.set_modified(SystemTime::now()));
        if let Err(error) = touched {
            tracing::trace!("a compiled module is not kept: {error}");
        }
    }

    fn replace(&self, id: &Id, tag: &[u8], signed: &[u8]) -> io::Result<()> {
        let mut file = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(&self.folder)?;
        file.write_all(tag)?;
        file.write_all(signed)?;
        NamedTempFile::persist(file, self.path_of(id))?;
        Ok(())
    }

    fn path_of(&self, id: &Id) -> PathBuf {
        self.folder.join(id.file_name())
    }
}

/// Where the files have more than `most` bytes together, removes those that were unused for longest until
/// they have no more than `kept`. Removes files, too, whose writing was interrupted.
fn clean(folder: &Path, most: u64, kept: u64) -> io::Result<()> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)?.flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let is_ours = name.len() == 2 * TAG_BYTES && name.bytes().all(|b| b.is_ascii_hexdigit());
        let Ok(metadata) = entry.metadata() else { continue };
        let used = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        if is_ours && metadata.is_file() {
            files.push((used, metadata.len(), entry.path()));
        } else if name.starts_with(UNFINISHED) && is_over(used) {
            // Another process may be doing the same.
            let _ = fs::remove_file(entry.path());
        }
    }
    let mut bytes: u64 = files.iter().map(|(_, len, _)| len).sum();
    if bytes <= most {
        return Ok(());
    }
    files.sort_unstable();
    for (_, len, path) in files {
        if bytes <= kept {
            break;
        }
        let _ = fs::remove_file(path);
        bytes -= len;
    }
    Ok(())
}

fn is_over(since: SystemTime) -> bool {
    since.elapsed().is_ok_and(|passed| passed > UNFINISHED_TIME)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap().flatten();
        let mut names: Vec<_> =
            entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// A file of this age.
    fn write(folder: &Path, name: &str, bytes: usize, seconds: u64) {
        let path = folder.join(name);
        fs::write(&path, vec![0; bytes]).unwrap();
        let file = File::options().write(true).open(&path).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(seconds)).unwrap();
    }

    #[test]
    fn what_was_unused_for_longest_goes_first() {
        let folder = tempfile::tempdir().unwrap();
        let [a, b, c] = ["a", "b", "c"].map(|letter| letter.repeat(64));
        for (name, age) in [(&a, 20), (&b, 30), (&c, 10)] {
            write(folder.path(), name, 10, age);
        }
        clean(folder.path(), 30, 10).unwrap();
        assert_eq!(names(folder.path()), [a.as_str(), &b, &c]);
        clean(folder.path(), 29, 20).unwrap();
        assert_eq!(names(folder.path()), [a.as_str(), &c]);
        clean(folder.path(), 19, 19).unwrap();
        assert_eq!(names(folder.path()), [c]);
    }

    #[test]
    fn other_files_stay_but_for_those_that_were_not_finished() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "key", 100, 9000);
        write(folder.path(), ".unfinished-old", 100, 3700);
        write(folder.path(), ".unfinished-new", 100, 3500);
        clean(folder.path(), 0, 0).unwrap();
        assert_eq!(names(folder.path()), [".unfinished-new", "key"]);
    }
}
