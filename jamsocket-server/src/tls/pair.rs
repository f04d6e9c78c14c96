use super::{Tls, TlsError};
use jamsocket::host::read_file;
use rustls::{
    Error, InconsistentKeys,
    crypto::CryptoProvider,
    pki_types::{
        CertificateDer, PrivateKeyDer,
        pem::{self, PemObject},
    },
    sign::CertifiedKey,
};
use std::path::Path;

/// A longer file is not read: no certificate comes near it.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// What the two files hold, as it was read.
#[derive(PartialEq, Eq)]
pub(super) struct Pair {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl Pair {
    pub(super) fn read(tls: &Tls) -> Result<Self, TlsError> {
        Ok(Self { certificate: contents(&tls.certificate)?, key: contents(&tls.key)? })
    }

    /// What connections are accepted with.
    pub(super) fn certified_key(
        &self,
        tls: &Tls,
        provider: &CryptoProvider,
    ) -> Result<CertifiedKey, TlsError> {
        let Tls { certificate, key } = tls;
        let chain = CertificateDer::pem_slice_iter(&self.certificate)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| TlsError::Malformed { path: certificate.clone() })?;
        if chain.is_empty() {
            return Err(TlsError::NoCertificate { path: certificate.clone() });
        }
        let private =
            PrivateKeyDer::from_pem_slice(&self.key).map_err(|refused| match refused {
                pem::Error::NoItemsFound => TlsError::NoKey { path: key.clone() },
                _ => TlsError::Malformed { path: key.clone() },
            })?;
        let private = provider
            .key_provider
            .load_private_key(private)
            .map_err(|refused| TlsError::Key { path: key.clone(), reason: refused.to_string() })?;
        let certified = CertifiedKey::new(chain, private);
        match certified.keys_match() {
            // A kind of key that does not tell its public half: a handshake will.
            Ok(()) | Err(Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(certified),
            Err(Error::InconsistentKeys(_)) => {
                Err(TlsError::Mismatch { certificate: certificate.clone(), key: key.clone() })
            }
            Err(refused) => Err(TlsError::Certificate {
                path: certificate.clone(),
                reason: refused.to_string(),
            }),
        }
    }
}

fn contents(path: &Path) -> Result<Vec<u8>, TlsError> {
    read_file(path, MAX_FILE_BYTES)
        .map_err(|source| TlsError::Unreadable { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::testing::{Files, generated};

    #[test]
    fn a_certificate_with_its_key_is_taken_and_so_is_what_follows_it() {
        let (certificate, key) = generated();
        Files::of(&certificate, &key).tls().check().unwrap();
        let chain = format!("a comment\n{certificate}{}", generated().0);
        Files::of(chain, format!("{certificate}{key}")).tls().check().unwrap();
    }

    #[test]
    fn a_key_of_another_certificate_is_refused_with_both_files() {
        let ((certificate, _), (other, key)) = (generated(), generated());
        let files = Files::of(format!("{certificate}{other}"), key);
        let refused = files.tls().check().unwrap_err();
        assert!(matches!(&refused, TlsError::Mismatch { .. }), "{refused}");
        for name in ["cert.pem", "key.pem"] {
            let path = files.path(name).display().to_string();
            assert!(refused.to_string().contains(&path), "{refused}");
        }
    }

    #[test]
    fn files_that_have_something_else_are_refused_with_what_they_should_have() {
        let (certificate, key) = generated();
        for text in ["", "nothing", key.as_str()] {
            let refused = Files::of(text, &key).tls().check();
            assert!(matches!(refused, Err(TlsError::NoCertificate { .. })), "{refused:?}");
        }
        let encrypted = key.replace("PRIVATE", "ENCRYPTED PRIVATE");
        for text in ["", "nothing", certificate.as_str(), encrypted.as_str()] {
            let refused = Files::of(&certificate, text).tls().check();
            assert!(matches!(refused, Err(TlsError::NoKey { .. })), "{refused:?}");
        }
    }

    #[test]
    fn files_that_are_damaged_are_refused() {
        let (certificate, key) = generated();
        let cut = |text: &str| text[..text.len() / 2].to_owned();
        let refused = Files::of(cut(&certificate), &key).tls().check();
        assert!(matches!(refused, Err(TlsError::Malformed { .. })), "{refused:?}");
        let refused = Files::of(&certificate, cut(&key)).tls().check();
        assert!(matches!(refused, Err(TlsError::Malformed { .. })), "{refused:?}");
        let empty = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let refused = Files::of(empty, &key).tls().check();
        assert!(matches!(refused, Err(TlsError::Certificate { .. })), "{refused:?}");
        let empty = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        let refused = Files::of(&certificate, empty).tls().check();
        assert!(matches!(refused, Err(TlsError::Key { .. })), "{refused:?}");
    }

    #[test]
    fn what_is_no_file_or_a_very_long_one_is_not_read() {
        let (certificate, key) = generated();
        let missing = Tls::from_files("no/such/file", "no/such/key").check().unwrap_err();
        assert_eq!(missing.to_string(), "cannot read `no/such/file`");
        let files = Files::of(&certificate, &key);
        let folder = Tls::from_files(files.folder(), files.path("key.pem")).check();
        assert!(matches!(folder, Err(TlsError::Unreadable { .. })), "{folder:?}");
        let space = MAX_FILE_BYTES as usize - certificate.len();
        Files::of(format!("{}{certificate}", "\n".repeat(space)), &key).tls().check().unwrap();
        let long =
            Files::of(format!("{}{certificate}", "\n".repeat(space + 1)), &key).tls().check();
        assert!(matches!(long, Err(TlsError::Unreadable { .. })), "{long:?}");
    }
}
