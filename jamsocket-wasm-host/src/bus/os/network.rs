//! The way out: names, connections and TLS, as far as grants go.

use super::trusted::Trusted;
use crate::bus::grants::may_lead_to;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use std::{
    error::Error,
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, OnceLock},
};
use thiserror::Error;
use tokio::net::lookup_host;

/// How TLS is spoken with others: by the certificates that this machine trusts. `SSL_CERT_FILE` and
/// `SSL_CERT_DIR` name others.
pub(super) fn tls() -> Result<Arc<ClientConfig>, NoTls> {
    static TLS: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(kept) = TLS.get() {
        return Ok(kept.clone());
    }
    let trusted = Trusted::by_this_machine();
    for error in &trusted.errors {
        tracing::warn!("a certificate of this machine cannot be read: {error}");
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(trusted.certificates);
    let is_whole = trusted.errors.is_empty() && !roots.is_empty();
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map(|config| Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
        .map_err(|_| NoTls)?;
    // What could not be read now may be there for the next request.
    if is_whole { Ok(TLS.get_or_init(|| config).clone()) } else { Ok(config) }
}

/// The longest URL, in bytes.
pub(super) const MAX_URL_BYTES: usize = 8 << 10;

/// TLS cannot be spoken here.
#[derive(Debug, Clone, Copy, Error)]
#[error("TLS cannot be spoken here")]
pub(super) struct NoTls;

/// A name leads only to addresses that may not be reached.
#[derive(Debug, Error)]
#[error("`{0}` leads to no address that may be reached")]
pub(super) struct NotGranted(String);

impl NotGranted {
    /// Whether this is why something failed.
    pub(super) fn is_cause_of(error: &(dyn Error + 'static)) -> bool {
        let mut cause = Some(error);
        while let Some(error) = cause {
            // What is inside of an `io::Error` is no source of it.
            let inside = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
            if error.is::<Self>() || inside.is_some_and(|inside| Self::is_cause_of(inside)) {
                return true;
            }
            cause = error.source();
        }
        false
    }
}

/// A URL's host by itself: an IPv6 address is in brackets there, and nowhere else.
pub(super) fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

/// The addresses of a name or an address, those that may be reached.
///
/// # Errors
///
/// There are none, or [`NotGranted`] inside of the error.
pub(super) async fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let name = bare(host);
    if let Ok(ip) = name.parse::<IpAddr>() {
        // It was judged with its URL.
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    let found = lookup_host((name, port)).await?;
    let allowed: Vec<_> = found.filter(|address| may_lead_to(name, address.ip())).collect();
    if allowed.is_empty() {
        return Err(io::Error::other(NotGranted(host.to_owned())));
    }
    Ok(allowed)
}

/// Looks names up for requests: what a name leads to is judged each time that it is looked up, so that
/// it cannot be bound to another address in between.
pub(super) struct Resolver;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            // The port of the URL takes the place of this one.
            let found = resolve(name.as_str(), 0).await?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}
