//! What the guests of a service, or a program, may reach by the bus. Nothing is open by default.

mod address;
mod url_pattern;

pub(crate) use address::is_public;
pub use url_pattern::{UrlPattern, UrlPatternError};

use std::{collections::BTreeSet, net::IpAddr};
use url::{Host, Url};

/// What a guest may reach.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grants {
    /// The URLs of HTTP requests and WebSockets.
    ///
    /// Addresses that are not the public's (private, loopback, link-local and the like) are reached only
    /// where a pattern names that very address, or `localhost`: a name that leads to one is refused.
    pub net: Vec<UrlPattern>,
    /// The programs that may be called and run, by their names.
    pub programs: BTreeSet<String>,
}

impl Grants {
    /// Whether this URL may be requested, as far as it can be told before its name is looked up.
    pub(crate) fn allow_url(&self, url: &Url) -> bool {
        let is_named = self.net.iter().any(|pattern| pattern.matches(url));
        is_named
            && match url.host() {
                Some(Host::Ipv4(ip)) => self.allow_address(ip.into()),
                Some(Host::Ipv6(ip)) => self.allow_address(ip.into()),
                Some(Host::Domain(_)) => true,
                None => false,
            }
    }

    /// Whether this address may be connected to, which a name that may be requested has led to.
    pub(crate) fn allow_address(&self, ip: IpAddr) -> bool {
        is_public(ip) || self.net.iter().any(|pattern| pattern.names_address(ip))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grants(patterns: &[&str]) -> Grants {
        let net = patterns.iter().map(|pattern| pattern.parse().unwrap()).collect();
        Grants { net, ..Grants::default() }
    }

    fn allows(grants: &Grants, url: &str) -> bool {
        grants.allow_url(&url.parse().unwrap())
    }

    #[test]
    fn nothing_is_open_by_default() {
        for url in ["https://example.com/", "http://127.0.0.1/", "wss://example.com/"] {
            assert!(!allows(&Grants::default(), url));
        }
    }

    #[test]
    fn any_url_is_any_of_the_publics() {
        let any = grants(&["*"]);
        assert!(allows(&any, "https://example.com/x") && allows(&any, "ws://93.184.216.34:9000"));
        for url in
            ["http://127.0.0.1/", "http://[::1]/", "http://10.0.0.1", "http://169.254.169.254"]
        {
            assert!(!allows(&any, url), "{url}");
        }
        assert!(!any.allow_address([192, 168, 0, 1].into()));
    }

    #[test]
    fn an_address_that_is_not_the_publics_is_reached_where_it_is_named() {
        let named = grants(&["http://10.0.0.1", "http://[fd00::1]:8080", "*"]);
        assert!(allows(&named, "http://10.0.0.1/") && allows(&named, "http://[fd00::1]:8080/x"));
        assert!(!allows(&named, "http://10.0.0.2/"));
        assert!(named.allow_address([10, 0, 0, 1].into()));
        assert!(!named.allow_address([127, 0, 0, 1].into()));
        let local = grants(&["http://localhost:8080"]);
        assert!(allows(&local, "http://localhost:8080/"));
        assert!(local.allow_address([127, 0, 0, 1].into()));
        assert!(!local.allow_address([10, 0, 0, 1].into()));
        assert!(!allows(&local, "http://127.0.0.1:8080/"), "another URL");
    }

    #[test]
    fn a_name_does_not_open_the_address_that_it_leads_to() {
        let named = grants(&["http://intranet.example"]);
        assert!(allows(&named, "http://intranet.example/"));
        assert!(!named.allow_address([10, 0, 0, 1].into()));
    }
}
