use super::{Pair, Tls, TlsError};
use rustls::{
    crypto::CryptoProvider,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use std::{
    convert::Infallible,
    error::Error as _,
    io,
    sync::{
        Arc, PoisonError, RwLock,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

/// How often the files are looked at.
const INTERVAL: Duration = Duration::from_secs(1);

/// The certificate that new connections get.
#[derive(Debug)]
pub(super) struct Certificate(RwLock<Arc<CertifiedKey>>);

impl Certificate {
    pub(super) fn new(certified: CertifiedKey) -> Self {
        Self(RwLock::new(Arc::new(certified)))
    }

    fn set(&self, certified: CertifiedKey) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(certified);
    }

    fn get(&self) -> Arc<CertifiedKey> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Whatever name the client asks for, the certificate is the one.
impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.get())
    }
}

/// Keeps a certificate as its files are.
///
/// They are read whole at each look: they are short, and neither a link that leads elsewhere nor a
/// file of the same time and length is missed.
pub(crate) struct Reload {
    tls: Tls,
    provider: Arc<CryptoProvider>,
    certificate: Arc<Certificate>,
    /// What the certificate was made of.
    served: Pair,
    trouble: Option<Trouble>,
}

/// Why the files could not be used at the last look.
struct Trouble {
    text: String,
    told: bool,
}

/// What a look at the files has shown.
enum News {
    /// They have changed, and are what new connections get.
    Taken,
    /// They are again what they were before the last complaint.
    Restored,
    /// They cannot be used.
    Refused(TlsError),
}

impl Reload {
    /// Keeps `certificate`, which was made of `served`.
    pub(super) fn new(
        tls: Tls,
        provider: Arc<CryptoProvider>,
        certificate: Arc<Certificate>,
        served: Pair,
    ) -> Self {
        Self { tls, provider, certificate, served, trouble: None }
    }

    /// Looks at the files from a thread of its own, until what this returns is dropped.
    pub(crate) fn watch(mut self) -> io::Result<Watch> {
        let (running, ended) = mpsc::channel();
        thread::Builder::new().name("jamsocket-tls".to_owned()).spawn(move || {
            while ended.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                if let Some(news) = self.look() {
                    self.tell(&news);
                }
            }
        })?;
        Ok(Watch { _running: running })
    }

    /// Takes the files if they have changed and can be used.
    ///
    /// A trouble is news the second time that it is met, and only then: between two files that are
    /// replaced one after the other they do not match.
    fn look(&mut self) -> Option<News> {
        match self.changed() {
            Ok(None) => {
                let trouble = self.trouble.take()?;
                trouble.told.then_some(News::Restored)
            }
            Ok(Some((pair, certified))) => {
                self.certificate.set(certified);
                self.served = pair;
                self.trouble = None;
                Some(News::Taken)
            }
            Err(error) => self.complain(error),
        }
    }

    fn complain(&mut self, error: TlsError) -> Option<News> {
        let text = full_text(&error);
        match &mut self.trouble {
            Some(trouble) if trouble.text == text => {
                let told = std::mem::replace(&mut trouble.told, true);
                (!told).then_some(News::Refused(error))
            }
            _ => {
                self.trouble = Some(Trouble { text, told: false });
                None
            }
        }
    }

    fn changed(&self) -> Result<Option<(Pair, CertifiedKey)>, TlsError> {
        let pair = Pair::read(&self.tls)?;
        if pair == self.served {
            return Ok(None);
        }
        let certified = pair.certified_key(&self.tls, &self.provider)?;
        Ok(Some((pair, certified)))
    }

    fn tell(&self, news: &News) {
        let file = self.tls.certificate().display();
        match news {
            News::Taken => {
                tracing::info!("new connections get the new certificate of {file}");
            }
            News::Restored => {
                tracing::info!("the certificate of {file} can be used again: it is what it was");
            }
            News::Refused(error) => {
                let reason = full_text(error);
                tracing::warn!(
                    "the certificate stays what it was, its files cannot be used: {reason}"
                );
            }
        }
    }
}

/// Looks at a certificate's files until it is dropped.
#[derive(Debug)]
pub(crate) struct Watch {
    _running: mpsc::Sender<Infallible>,
}

/// An error with its cause.
fn full_text(error: &TlsError) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::testing::{Files, generated};
    use std::time::Instant;

    /// What looks at these files, and what it starts with.
    fn opened(files: &Files) -> (Reload, Arc<CertifiedKey>) {
        let (_, reload) = files.tls().open().unwrap();
        let first = reload.certificate.get();
        (reload, first)
    }

    #[test]
    fn files_that_stay_as_they_are_are_no_news() {
        let (certificate, key) = generated();
        let files = Files::of(&certificate, &key);
        let (mut reload, first) = opened(&files);
        files.write(&certificate, &key);
        assert!(reload.look().is_none());
        assert!(Arc::ptr_eq(&reload.certificate.get(), &first));
    }

    #[test]
    fn a_changed_pair_is_taken_at_once_and_once() {
        let (certificate, key) = generated();
        let files = Files::of(certificate, key);
        let (mut reload, first) = opened(&files);
        let (certificate, key) = generated();
        files.write(certificate, key);
        assert!(matches!(reload.look(), Some(News::Taken)));
        assert_ne!(reload.certificate.get().cert, first.cert);
        assert!(reload.look().is_none());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_to_other_files_is_a_change() {
        use std::os::unix::fs::symlink;
        let ((certificate, key), (next, next_key)) = (generated(), generated());
        let (old, new) = (Files::of(certificate, key), Files::of(next, next_key));
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("data");
        symlink(old.folder(), &link).unwrap();
        let tls = Tls::from_files(link.join("cert.pem"), link.join("key.pem"));
        let (_, mut reload) = tls.open().unwrap();
        // As it is swapped without a moment in between in which there is none.
        let fresh = folder.path().join("data.new");
        symlink(new.folder(), &fresh).unwrap();
        std::fs::rename(&fresh, &link).unwrap();
        assert!(matches!(reload.look(), Some(News::Taken)));
    }

    #[test]
    fn files_that_are_replaced_one_after_the_other_are_no_trouble() {
        let (certificate, key) = generated();
        let files = Files::of(certificate, &key);
        let (mut reload, first) = opened(&files);
        let (certificate, next_key) = generated();
        files.write(&certificate, key);
        assert!(reload.look().is_none());
        assert!(Arc::ptr_eq(&reload.certificate.get(), &first));
        files.write(&certificate, next_key);
        assert!(matches!(reload.look(), Some(News::Taken)));
    }

    #[test]
    fn a_trouble_that_stays_is_told_once_and_the_certificate_stays() {
        let (certificate, key) = generated();
        let files = Files::of(&certificate, &key);
        let (mut reload, first) = opened(&files);
        files.write(&certificate, "no key");
        assert!(reload.look().is_none());
        assert!(matches!(reload.look(), Some(News::Refused(TlsError::NoKey { .. }))));
        for _ in 0..3 {
            assert!(reload.look().is_none());
        }
        // Another trouble is told as well.
        files.write("no certificate", "no key");
        assert!(reload.look().is_none());
        assert!(matches!(reload.look(), Some(News::Refused(TlsError::NoCertificate { .. }))));
        assert!(Arc::ptr_eq(&reload.certificate.get(), &first));
        files.write(&certificate, &key);
        assert!(matches!(reload.look(), Some(News::Restored)));
        assert!(reload.look().is_none());
    }

    #[test]
    fn a_trouble_that_is_mended_by_other_files_is_over() {
        let (certificate, key) = generated();
        let files = Files::of(certificate, key);
        let (mut reload, _) = opened(&files);
        std::fs::remove_file(files.path("key.pem")).unwrap();
        assert!(reload.look().is_none());
        assert!(matches!(reload.look(), Some(News::Refused(TlsError::Unreadable { .. }))));
        let (certificate, key) = generated();
        files.write(certificate, key);
        assert!(matches!(reload.look(), Some(News::Taken)));
        assert!(reload.look().is_none());
    }

    #[test]
    fn the_files_are_looked_at_until_nobody_wants_that_any_more() {
        let (certificate, key) = generated();
        let files = Files::of(certificate, key);
        let (reload, first) = opened(&files);
        let served = Arc::downgrade(&reload.certificate);
        let watch = reload.watch().unwrap();
        let (certificate, key) = generated();
        files.write(certificate, key);
        let deadline = Instant::now() + Duration::from_secs(30);
        let soon = |happened: &dyn Fn() -> bool| {
            while !happened() {
                assert!(Instant::now() < deadline, "it did not happen");
                thread::sleep(Duration::from_millis(1));
            }
        };
        soon(&|| !Arc::ptr_eq(&served.upgrade().unwrap().get(), &first));
        drop(watch);
        soon(&|| served.strong_count() == 0);
    }
}
