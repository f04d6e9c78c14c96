use std::{io, path::PathBuf};
use thiserror::Error;

/// Why a certificate and a key cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file is not there, may not be read, is no regular file, or has more than 1 MiB.
    #[error("cannot read `{}`", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A part of a file has no end, or is not in PEM form between its begin and its end.
    #[error("`{}` is cut off or damaged: write it anew, in PEM form", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// The file of the certificate has none.
    #[error(
        "there is no certificate in `{}`: it has to be in PEM form, with `-----BEGIN CERTIFICATE-----`",
        path.display()
    )]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// The file of the key has none, or an encrypted one.
    #[error(
        "there is no private key in `{}`: it has to be in PEM form and not encrypted, with `-----BEGIN PRIVATE KEY-----`",
        path.display()
    )]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// The certificate is none of X.509's version 3.
    #[error("the certificate in `{}` cannot be used: {reason}", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The key is none that TLS can be spoken with: RSA, ECDSA or Ed25519.
    #[error("the private key in `{}` cannot be used: {reason}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The certificate is for another key.
    #[error(
        "the private key in `{}` is not that of the certificate in `{}`: name the two that were made together; of several certificates the server's own comes first",
        key.display(), certificate.display()
    )]
    Mismatch {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
    },
}
