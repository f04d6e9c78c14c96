use super::BoundValue;
use std::{
    fs::{self, File, Metadata},
    io::{self, ErrorKind, Read},
    path::Path,
};

/// Reads a regular file that has at most `limit` bytes.
///
/// Hosts read every file that an operator, a project or a guest names by this function. Such a name may
/// lead to a pipe, a device or a file without an end, as links do. Nothing but a regular file is opened,
/// the open does not wait for another process, and at most `limit` + 1 bytes are read.
///
/// ```
/// use jamsocket::host::read_file;
/// use std::{io::ErrorKind, path::Path};
///
/// # #[cfg(unix)] {
/// let refused = read_file(Path::new("/dev/zero"), 1 << 20).unwrap_err();
/// assert_eq!(refused.to_string(), "it is not a regular file");
/// # }
/// let refused = read_file(Path::new("Cargo.toml"), 10).unwrap_err();
/// assert_eq!(refused.to_string(), "it is larger than 10 bytes");
/// assert_eq!(refused.kind(), ErrorKind::FileTooLarge);
/// ```
///
/// # Errors
///
/// The error of the system, or one of these:
///
/// - [`ErrorKind::IsADirectory`]: the path is that of a folder.
/// - [`ErrorKind::InvalidInput`]: the file is not a regular one.
/// - [`ErrorKind::FileTooLarge`]: it has more than `limit` bytes.
pub fn read_file(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    // Devices exist that act when they are opened, such as a watchdog.
    check_kind(&fs::metadata(path)?)?;
    let file = open(path)?;
    // The path may lead elsewhere by now.
    let metadata = file.metadata()?;
    check_kind(&metadata)?;
    let expected = metadata.len().min(limit).saturating_add(1);
    let mut bytes = Vec::new();
    bytes.try_reserve(usize::try_from(expected).unwrap_or(usize::MAX))?;
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(too_large(limit));
    }
    Ok(bytes)
}

/// Reads a regular file that is UTF-8 text of at most `limit` bytes, as [`read_file`] does.
///
/// # Errors
///
/// Those of [`read_file`], and [`ErrorKind::InvalidData`] for a file that is not UTF-8.
pub fn read_text_file(path: &Path, limit: u64) -> io::Result<String> {
    String::from_utf8(read_file(path, limit)?)
        .map_err(|_| io::Error::new(ErrorKind::InvalidData, "it is not UTF-8 text"))
}

fn check_kind(metadata: &Metadata) -> io::Result<()> {
    if metadata.is_file() {
        Ok(())
    } else if metadata.is_dir() {
        Err(io::Error::new(ErrorKind::IsADirectory, "it is a folder"))
    } else {
        Err(io::Error::new(ErrorKind::InvalidInput, "it is not a regular file"))
    }
}

fn too_large(limit: u64) -> io::Error {
    let size = limit.to_size();
    let unit = if size.ends_with('B') { "" } else { " bytes" };
    io::Error::new(ErrorKind::FileTooLarge, format!("it is larger than {size}{unit}"))
}

/// Opens a file without waiting for the other end of a pipe.
#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt;
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
    File::options().read(true).custom_flags(flags).open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> &'static Path {
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
    }

    #[test]
    fn a_file_is_read_whole_up_to_the_limit() {
        let whole = fs::read(manifest()).unwrap();
        let limit = whole.len() as u64;
        for limit in [limit, limit + 1, u64::MAX] {
            assert_eq!(read_file(manifest(), limit).unwrap(), whole);
        }
        let refused = read_file(manifest(), limit - 1).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::FileTooLarge);
    }

    #[test]
    fn the_limit_is_told_with_a_unit() {
        assert_eq!(too_large(1 << 20).to_string(), "it is larger than 1MiB");
        assert_eq!(too_large(1000).to_string(), "it is larger than 1000 bytes");
    }

    #[test]
    fn a_folder_is_told_from_a_file() {
        let refused = read_file(Path::new(env!("CARGO_MANIFEST_DIR")), 1).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::IsADirectory);
        let missing = read_file(&manifest().join("nothing"), 1).unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::NotADirectory);
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_and_a_device_are_refused_at_once_and_so_is_a_link_to_one() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("/dev/zero", &link).unwrap();
        for path in [&pipe, &link] {
            let refused = read_file(path, 1).unwrap_err();
            assert_eq!(refused.to_string(), "it is not a regular file", "{}", path.display());
        }
        // Even one that takes the place of a file between the two looks.
        drop(open(&pipe).unwrap());
    }

    #[test]
    fn what_is_not_utf_8_is_not_text() {
        let text = read_text_file(manifest(), 1 << 20).unwrap();
        assert!(text.starts_with("[package]"));
        let refused = read_text_file(&std::env::current_exe().unwrap(), 1 << 30).unwrap_err();
        assert_eq!(refused.to_string(), "it is not UTF-8 text");
    }
}
