use crate::{Package, soon};
use rustls::{
    ClientConfig, RootCertStore, SupportedProtocolVersion,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName},
};
use std::{io, net::SocketAddr, sync::Arc};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

/// A new certificate for `localhost`, which nobody has signed but itself.
#[derive(Debug)]
pub struct Certificate {
    /// The certificate in PEM form.
    pub pem: String,
    /// Its key in PEM form.
    pub key: String,
    der: CertificateDer<'static>,
}

impl Certificate {
    /// Makes one.
    #[expect(clippy::new_without_default, reason = "each is another")]
    pub fn new() -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let (pem, key) = (made.cert.pem(), made.signing_key.serialize_pem());
        Self { pem, key, der: made.cert.into() }
    }

    /// A folder with it in the files `cert.pem` and `key.pem`.
    pub fn files(&self) -> Package {
        Package::with_files(&[("cert.pem", &self.pem), ("key.pem", &self.key)])
    }

    /// A client that trusts this certificate and no other.
    pub fn trusted(&self) -> ClientConfig {
        self.trusted_by(&[&rustls::version::TLS12, &rustls::version::TLS13])
    }

    /// The same, of these versions of TLS.
    pub fn trusted_by(&self, versions: &[&'static SupportedProtocolVersion]) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).unwrap();
        ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth()
    }
}

/// Opens a connection and does the handshake of TLS.
///
/// # Errors
///
/// The handshake has failed.
pub async fn tls(addr: SocketAddr, client: ClientConfig) -> io::Result<TlsStream<TcpStream>> {
    let socket = soon("a connection", TcpStream::connect(addr)).await.unwrap();
    let name = ServerName::try_from("localhost").expect("it is a name");
    soon("a handshake", TlsConnector::from(Arc::new(client)).connect(name, socket)).await
}
