//! The certificates of authorities that this machine trusts.

use jamsocket::host::read_file;
use rustls::pki_types::{CertificateDer, pem::PemObject};
use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

/// The most bytes of a file of certificates. The bundles of Linux distributions have some 250 KiB.
const MAX_FILE_BYTES: u64 = 4 << 20;

/// The most files of a folder of certificates.
const MAX_FILES: usize = 10_000;

/// Certificates, and why others could not be read.
#[derive(Debug, Default)]
pub(super) struct Trusted {
    pub(super) certificates: Vec<CertificateDer<'static>>,
    pub(super) errors: Vec<String>,
}

impl Trusted {
    /// Those of the file and the folders that `SSL_CERT_FILE` and `SSL_CERT_DIR` name, or else those that
    /// the system has for all programs.
    pub(super) fn by_this_machine() -> Self {
        let file = env::var_os("SSL_CERT_FILE").map(PathBuf::from);
        let folders = env::var_os("SSL_CERT_DIR").unwrap_or_default();
        let folders: Vec<_> =
            env::split_paths(&folders).filter(|folder| !folder.as_os_str().is_empty()).collect();
        if file.is_some() || !folders.is_empty() {
            return Self::in_files(file.as_deref(), &folders);
        }
        let loaded = rustls_native_certs::load_native_certs();
        let errors = loaded.errors.iter().map(ToString::to_string).collect();
        Self { certificates: loaded.certs, errors }
    }

    /// Those of a file and of all files in folders.
    fn in_files(file: Option<&Path>, folders: &[PathBuf]) -> Self {
        let mut trusted = Self::default();
        if let Some(file) = file {
            trusted.add(file);
        }
        for folder in folders {
            match fs::read_dir(folder) {
                Ok(entries) => entries
                    .flatten()
                    .take(MAX_FILES)
                    .map(|entry| entry.path())
                    // Folders, and links that lead nowhere.
                    .filter(|path| path.is_file())
                    .for_each(|path| trusted.add(&path)),
                Err(error) => trusted.fail(folder, &error),
            }
        }
        // Folders have several links to each file.
        trusted.certificates.sort_unstable_by(|a, b| a.as_ref().cmp(b.as_ref()));
        trusted.certificates.dedup();
        trusted
    }

    fn add(&mut self, file: &Path) {
        let bytes = match read_file(file, MAX_FILE_BYTES) {
            Ok(bytes) => bytes,
            Err(error) => return self.fail(file, &error),
        };
        for certificate in CertificateDer::pem_slice_iter(&bytes) {
            match certificate {
                Ok(certificate) => self.certificates.push(certificate),
                Err(error) => self.errors.push(format!("{}: {error}", file.display())),
            }
        }
    }

    fn fail(&mut self, path: &Path, error: &io::Error) {
        self.errors.push(format!("{}: {error}", path.display()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two certificates, as far as PEM goes.
    const TWO: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n\
        -----BEGIN CERTIFICATE-----\nBBBB\n-----END CERTIFICATE-----\n";

    #[test]
    fn certificates_of_a_file_and_of_folders_are_taken_once() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.pem", "b.pem"] {
            fs::write(folder.path().join(name), TWO).unwrap();
        }
        fs::create_dir(folder.path().join("below")).unwrap();
        let file = folder.path().join("a.pem");
        let trusted = Trusted::in_files(Some(&file), &[folder.path().to_owned()]);
        assert_eq!((trusted.certificates.len(), trusted.errors), (2, vec![]));
    }

    #[test]
    fn what_cannot_be_read_is_told_and_the_rest_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("good.pem"), TWO).unwrap();
        fs::write(folder.path().join("bad.pem"), &TWO[..40]).unwrap();
        let missing = folder.path().join("missing");
        let trusted = Trusted::in_files(Some(&missing), &[folder.path().to_owned()]);
        assert_eq!(trusted.certificates.len(), 2);
        assert_eq!(trusted.errors.len(), 2, "{:?}", trusted.errors);
        assert!(trusted.errors[0].starts_with(&format!("{}: ", missing.display())));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_without_an_end_is_told_at_once() {
        let trusted = Trusted::in_files(Some(Path::new("/dev/zero")), &[]);
        assert_eq!(trusted.errors, ["/dev/zero: it is not a regular file"]);
    }
}
