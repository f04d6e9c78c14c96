//! TLS: a certificate and its key, in files.
//!
//! [`pair`] reads the two files and judges them; [`reload`] looks whether they have changed.

mod error;
mod pair;
mod reload;
#[cfg(test)]
mod testing;

pub use error::TlsError;
pub(crate) use reload::Reload;

use pair::Pair;
use reload::Certificate;
use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    version::{TLS12, TLS13},
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// The files of a certificate and of its private key, by which a server speaks TLS 1.2 and 1.3.
///
/// Both are in PEM form. The certificate's file begins with the server's own, and those that lead to
/// a known authority follow it; the key is PKCS #8, PKCS #1 or SEC 1, and not encrypted.
///
/// A server looks at the files each second. When they have changed, new connections get the new
/// certificate, and those that are open go on. As long as the changed files cannot be used, the
/// certificate stays what it was, and the log says why.
///
/// ```no_run
/// # use jamsocket::{JamsocketContext, SimpleJamsocketService};
/// use jamsocket_server::{Server, Tls};
/// # struct Game;
/// # impl SimpleJamsocketService for Game {
/// #     fn new(_: &str, _: &impl JamsocketContext) -> Self { Game }
/// # }
///
/// fn main() -> std::io::Result<()> {
///     Server::new()
///         .with_host("0.0.0.0")
///         .with_port(443)
///         .with_tls(Tls::from_files("fullchain.pem", "privkey.pem"))
///         .serve_default::<Game>()
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    certificate: PathBuf,
    key: PathBuf,
}

impl Tls {
    /// TLS by these files, which are read when the server starts.
    pub fn from_files(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self { certificate: certificate.into(), key: key.into() }
    }

    /// The file of the certificate.
    pub fn certificate(&self) -> &Path {
        &self.certificate
    }

    /// The file of the private key.
    pub fn key(&self) -> &Path {
        &self.key
    }

    /// Whether the files can be used as they are now.
    ///
    /// # Errors
    ///
    /// What is wrong with which: see [`TlsError`].
    pub fn check(&self) -> Result<(), TlsError> {
        Pair::read(self)?.certified_key(self, &provider()).map(drop)
    }

    /// Reads the files. Connections are accepted by what comes first, which follows the files for as
    /// long as the second is told to.
    pub(crate) fn open(self) -> Result<(ServerConfig, Reload), TlsError> {
        let provider = Arc::new(provider());
        let pair = Pair::read(&self)?;
        let certificate = Arc::new(Certificate::new(pair.certified_key(&self, &provider)?));
        let config = ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&[&TLS13, &TLS12])
            .expect("aws-lc-rs has cipher suites for both versions")
            .with_no_client_auth()
            .with_cert_resolver(certificate.clone());
        Ok((config, Reload::new(self, provider, certificate, pair)))
    }
}

/// Named here, as a program that holds two providers has no default one.
fn provider() -> CryptoProvider {
    aws_lc_rs::default_provider()
}
