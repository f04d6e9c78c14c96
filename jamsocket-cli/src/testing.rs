//! What the unit tests of several modules share.

use std::{fs, path::Path};

/// Writes `folder/name`, with the folders above it.
pub(crate) fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Writes `folder/name`, a program that runs `body` in a shell.
#[cfg(unix)]
pub(crate) fn script(folder: &Path, name: &str, body: &str) {
    use std::os::unix::fs::PermissionsExt;
    write(folder, name, &format!("#!/bin/sh\n{body}\n"));
    fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o755)).unwrap();
}
