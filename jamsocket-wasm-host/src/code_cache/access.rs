//! Which users can write to files and folders. A system without file modes gives each user private folders.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Makes a folder that is this user's alone, and those above it, if they are not there.
#[cfg(unix)]
pub(super) fn create_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
pub(super) fn create_private(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

/// Whether a folder has a foreign owner, or lets its group or everyone write.
#[cfg(unix)]
pub(super) fn is_open_to_others(folder: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let found = fs::metadata(folder)?;
    Ok(found.uid() != this_user() || found.mode() & 0o022 != 0)
}

#[cfg(not(unix))]
pub(super) fn is_open_to_others(_: &Path) -> io::Result<bool> {
    Ok(false)
}

/// The folder above this one by which other users can put another in its place, if there is one. They can
/// where they own it or may write to it, unless its sticky bit keeps them from renaming what is not theirs.
///
/// `folder` has no links in it.
#[cfg(unix)]
pub(super) fn open_to_others_above(folder: &Path) -> io::Result<Option<PathBuf>> {
    use std::os::unix::fs::MetadataExt;
    for above in folder.ancestors().skip(1) {
        let found = fs::metadata(above)?;
        let is_trusted = found.uid() == this_user() || found.uid() == 0;
        let is_shared = found.mode() & 0o022 != 0 && found.mode() & 0o1000 == 0;
        if !is_trusted || is_shared {
            return Ok(Some(above.to_owned()));
        }
    }
    Ok(None)
}

#[cfg(not(unix))]
pub(super) fn open_to_others_above(_: &Path) -> io::Result<Option<PathBuf>> {
    Ok(None)
}

/// Whether a file is a regular one of this user's, with one name, that no other user can read or write.
#[cfg(unix)]
pub(super) fn is_private_file(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let found = fs::symlink_metadata(path)?;
    let is_private = found.is_file() && found.uid() == this_user() && found.mode() & 0o077 == 0;
    Ok(is_private && found.nlink() == 1)
}

#[cfg(not(unix))]
pub(super) fn is_private_file(path: &Path) -> io::Result<bool> {
    Ok(fs::symlink_metadata(path)?.is_file())
}

#[cfg(unix)]
fn this_user() -> u32 {
    rustix::process::geteuid().as_raw()
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn what_is_below_a_folder_of_all_can_be_replaced_unless_it_is_sticky() {
        let above = tempfile::tempdir().unwrap();
        let above = fs::canonicalize(above.path()).unwrap();
        let folder = above.join("between/below");
        create_private(&folder).unwrap();
        for (mode, is_open) in [(0o755, false), (0o777, true), (0o1777, false), (0o775, true)] {
            set_mode(&above, mode);
            let expected = is_open.then(|| above.clone());
            assert_eq!(open_to_others_above(&folder).unwrap(), expected, "{mode:o}");
        }
        set_mode(&above, 0o700);
    }

    #[test]
    fn a_private_file_is_read_by_its_owner_alone_and_has_one_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        for (mode, expected) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false)] {
            set_mode(&file, mode);
            assert_eq!(is_private_file(&file).unwrap(), expected, "{mode:o}");
        }
        set_mode(&file, 0o600);
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert!(!is_private_file(&link).unwrap());
        fs::hard_link(&file, folder.path().join("other")).unwrap();
        assert!(!is_private_file(&file).unwrap());
    }
}
