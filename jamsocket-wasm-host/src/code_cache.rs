use std::{
    fs, io,
    path::{Path, PathBuf},
};
use thiserror::Error;
use wasmtime::{Cache, CacheConfig};

/// Opens a folder that keeps modules as they were compiled. It is made if it is not there, for this
/// user alone.
///
/// What is in it is run without another look, so a folder that others could write to is refused.
pub(crate) fn open(folder: &Path) -> Result<Cache, CodeCacheError> {
    let unusable = |source| CodeCacheError::Unusable { folder: folder.to_owned(), source };
    create(folder).map_err(unusable)?;
    let folder = fs::canonicalize(folder).map_err(unusable)?;
    if is_writable_by_others(&folder).map_err(unusable)? {
        return Err(CodeCacheError::WritableByOthers(folder));
    }
    let mut config = CacheConfig::new();
    config.with_directory(&folder);
    Cache::new(config).map_err(|error| CodeCacheError::Unusable {
        folder,
        source: io::Error::other(format!("{error:#}")),
    })
}

/// Why compiled modules cannot be kept.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CodeCacheError {
    /// The folder cannot be made or read.
    #[error("cannot keep compiled modules in {}", .folder.display())]
    Unusable {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Whoever can write to the folder could have any code run.
    #[error(
        "cannot keep compiled modules in {}: others can write to it; take that right away, or name \
         another folder", .0.display()
    )]
    WritableByOthers(PathBuf),
}

#[cfg(unix)]
fn create(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn create(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

/// Whether it has a foreign owner, or lets its group or everyone write.
#[cfg(unix)]
fn is_writable_by_others(folder: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let found = fs::metadata(folder)?;
    let ours = rustix::process::geteuid().as_raw();
    Ok(found.uid() != ours || found.mode() & 0o022 != 0)
}

/// A profile's folder is its user's own there.
#[cfg(not(unix))]
fn is_writable_by_others(_: &Path) -> io::Result<bool> {
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_made_with_those_above_it() {
        let above = tempfile::tempdir().unwrap();
        let folder = above.path().join("a/b");
        open(&folder).unwrap();
        open(&folder).unwrap();
        assert!(folder.is_dir());
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_others_can_write_to_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        for (mode, is_ours) in [(0o755, true), (0o720, false), (0o702, false)] {
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(open(folder.path()).is_ok(), is_ours, "{mode:o}");
        }
        let refused = open(folder.path()).unwrap_err().to_string();
        assert!(refused.contains("others can write to it"), "{refused}");
    }

    #[test]
    fn a_file_is_no_folder() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(matches!(open(file.path()), Err(CodeCacheError::Unusable { .. })));
    }
}
