//! What the unit tests here share.

use super::Tls;
use rcgen::generate_simple_self_signed;
use std::{
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// A new certificate and its key, in PEM form.
pub(super) fn generated() -> (String, String) {
    let made = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    (made.cert.pem(), made.signing_key.serialize_pem())
}

/// A folder with the files `cert.pem` and `key.pem`. It is gone with the value.
pub(super) struct Files(TempDir);

impl Files {
    pub(super) fn of(certificate: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Self {
        let files = Self(tempfile::tempdir().unwrap());
        files.write(certificate, key);
        files
    }

    pub(super) fn write(&self, certificate: impl AsRef<[u8]>, key: impl AsRef<[u8]>) {
        fs::write(self.path("cert.pem"), certificate).unwrap();
        fs::write(self.path("key.pem"), key).unwrap();
    }

    pub(super) fn folder(&self) -> &Path {
        self.0.path()
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(super) fn tls(&self) -> Tls {
        Tls::from_files(self.path("cert.pem"), self.path("key.pem"))
    }
}
