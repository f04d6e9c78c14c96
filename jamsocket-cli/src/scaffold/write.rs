use super::NewError;
use std::{
    fs,
    io::{self, ErrorKind},
    path::Path,
};

/// Writes `files` into `folder`, which is empty or not there: all of them, or none.
///
/// # Errors
///
/// There is something in its place, or it cannot be written.
pub(super) fn into_new(folder: &Path, files: &[(&str, String)]) -> Result<(), NewError> {
    let refused = |source: io::Error| {
        let folder = folder.to_owned();
        match source.kind() {
            ErrorKind::DirectoryNotEmpty | ErrorKind::AlreadyExists => {
                NewError::NotEmpty { folder }
            }
            ErrorKind::NotADirectory => NewError::NotAFolder { folder },
            _ => NewError::Write { folder, source },
        }
    };
    check_free(folder).and_then(|()| write_and_move(folder, files)).map_err(refused)
}

fn check_free(folder: &Path) -> io::Result<()> {
    let first = match fs::read_dir(folder) {
        Ok(mut entries) => entries.next(),
        // A link that leads nowhere is something all the same.
        Err(error) if error.kind() == ErrorKind::NotFound && !folder.is_symlink() => None,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(ErrorKind::NotADirectory.into());
        }
        Err(error) => return Err(error),
    };
    match first.transpose()? {
        Some(_) => Err(ErrorKind::DirectoryNotEmpty.into()),
        None => Ok(()),
    }
}

/// Writes the files beside `folder`, in one that is gone if anything fails, and renames that, which
/// fails where `folder` is not empty by then.
fn write_and_move(folder: &Path, files: &[(&str, String)]) -> io::Result<()> {
    // A link to an empty folder stands for that.
    let folder = folder.canonicalize().or_else(|_| std::path::absolute(folder))?;
    let parent = folder.parent().ok_or(ErrorKind::DirectoryNotEmpty)?;
    fs::create_dir_all(parent)?;
    let beside = tempfile::Builder::new().prefix(".jamsocket-new-").tempdir_in(parent)?;
    // Inside of it, as it is itself for nobody else to read.
    let package = beside.path().join("package");
    for (path, content) in files {
        let path = package.join(path);
        fs::create_dir_all(path.parent().unwrap_or(&package))?;
        fs::write(path, content)?;
    }
    fs::rename(package, folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::write;

    fn files(paths: &[&'static str]) -> Vec<(&'static str, String)> {
        paths.iter().map(|path| (*path, format!("what is in {path}"))).collect()
    }

    fn two() -> Vec<(&'static str, String)> {
        files(&["Cargo.toml", "src/lib.rs"])
    }

    fn names_in(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
        let mut names: Vec<_> =
            entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[track_caller]
    fn assert_whole(folder: &Path) {
        assert_eq!(names_in(folder), ["Cargo.toml", "src"]);
        let text = fs::read_to_string(folder.join("src/lib.rs")).unwrap();
        assert_eq!(text, "what is in src/lib.rs");
    }

    #[test]
    fn a_folder_that_is_not_there_is_made_with_those_above_it() {
        let above = tempfile::tempdir().unwrap();
        into_new(&above.path().join("a/b/room"), &two()).unwrap();
        assert_whole(&above.path().join("a/b/room"));
        assert_eq!(names_in(&above.path().join("a/b")), ["room"]);
    }

    #[test]
    fn an_empty_folder_is_filled() {
        let above = tempfile::tempdir().unwrap();
        fs::create_dir(above.path().join("room")).unwrap();
        into_new(&above.path().join("room"), &two()).unwrap();
        assert_whole(&above.path().join("room"));
    }

    #[test]
    fn a_folder_with_anything_in_it_stays_as_it_is() {
        let above = tempfile::tempdir().unwrap();
        write(above.path(), "room/.hidden", "mine");
        let refused = into_new(&above.path().join("room"), &two()).unwrap_err();
        let expected = format!("`{}/room` is there already, and not empty", above.path().display());
        assert_eq!(refused.to_string(), expected);
        assert_eq!(names_in(&above.path().join("room")), [".hidden"]);
        assert_eq!(names_in(above.path()), ["room"]);
    }

    #[test]
    fn a_file_in_its_place_stays_as_it_is() {
        let above = tempfile::tempdir().unwrap();
        write(above.path(), "room", "mine");
        let refused = into_new(&above.path().join("room"), &two()).unwrap_err();
        assert!(matches!(refused, NewError::NotAFolder { .. }), "{refused:?}");
        assert_eq!(fs::read_to_string(above.path().join("room")).unwrap(), "mine");
        let refused = into_new(&above.path().join("room/below"), &two()).unwrap_err();
        assert!(matches!(refused, NewError::NotAFolder { .. }), "{refused:?}");
        assert_eq!(names_in(above.path()), ["room"]);
    }

    #[test]
    fn where_a_file_cannot_be_written_there_is_nothing_of_the_others() {
        let above = tempfile::tempdir().unwrap();
        // What is a file cannot be a folder too.
        let files = files(&["Cargo.toml", "src", "src/lib.rs"]);
        into_new(&above.path().join("room"), &files).unwrap_err();
        assert_eq!(names_in(above.path()), [] as [&str; 0]);
    }

    #[test]
    fn a_folder_that_is_filled_meanwhile_stays_as_it_is() {
        let above = tempfile::tempdir().unwrap();
        write(above.path(), "room/file", "mine");
        let late = write_and_move(&above.path().join("room"), &two()).unwrap_err();
        assert_eq!(late.kind(), ErrorKind::DirectoryNotEmpty);
        assert_eq!(names_in(&above.path().join("room")), ["file"]);
        assert_eq!(names_in(above.path()), ["room"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_counts_as_what_it_leads_to() {
        use std::os::unix::fs::symlink;
        let above = tempfile::tempdir().unwrap();
        fs::create_dir(above.path().join("empty")).unwrap();
        symlink("empty", above.path().join("link")).unwrap();
        into_new(&above.path().join("link"), &two()).unwrap();
        assert_whole(&above.path().join("empty"));
        assert!(above.path().join("link").is_symlink());

        symlink("nowhere", above.path().join("broken")).unwrap();
        let refused = into_new(&above.path().join("broken"), &two()).unwrap_err();
        assert!(matches!(refused, NewError::NotAFolder { .. }), "{refused:?}");
    }
}
