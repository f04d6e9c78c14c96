//! What the guests of a service, or a program, may reach by the bus. Nothing is open by default.

mod address;
mod confined_path;
mod room_pattern;
mod url_pattern;

pub use room_pattern::{RoomPattern, RoomPatternError};
pub use url_pattern::{UrlPattern, UrlPatternError};

use address::is_public;
use std::{collections::BTreeSet, net::IpAddr};
use url::{Host, Url};

/// The name of this machine, which leads nowhere else.
const LOCALHOST: &str = "localhost";

/// What a guest may reach.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grants {
    /// The URLs of HTTP requests and WebSockets.
    ///
    /// Addresses that are not the public's (private, loopback, link-local and the like) are reached only
    /// where a pattern names that very address, or `localhost`: any other name that leads to one is
    /// refused.
    pub net: Vec<UrlPattern>,
    /// The programs that may be called and run, by their names.
    pub programs: BTreeSet<String>,
    /// The rooms that may be called.
    pub rooms: Vec<RoomPattern>,
}

impl Grants {
    /// Whether this URL may be requested, as far as it can be told before its name is looked up.
    pub(crate) fn allow_url(&self, url: &Url) -> bool {
        self.net.iter().any(|pattern| pattern.matches(url))
    }

    /// Whether this room may be called.
    pub(crate) fn allow_room(&self, service: &str, room: &str) -> bool {
        self.rooms.iter().any(|pattern| pattern.matches(service, room))
    }
}

/// Whether a name that may be requested leads to an address that may be connected to.
pub(crate) fn may_lead_to(name: &str, ip: IpAddr) -> bool {
    is_public(ip) || (name.eq_ignore_ascii_case(LOCALHOST) && ip.is_loopback())
}

/// Whether `*` stands for this host: what is not the public's has to be named.
fn is_publics(host: Option<Host<&str>>) -> bool {
    match host {
        Some(Host::Domain(name)) => !name.trim_end_matches('.').ends_with(LOCALHOST),
        Some(Host::Ipv4(ip)) => is_public(ip.into()),
        Some(Host::Ipv6(ip)) => is_public(ip.into()),
        None => false,
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
        for url in ["http://localhost/", "http://LOCALHOST./", "http://a.localhost/"] {
            assert!(!allows(&any, url), "{url}");
        }
    }

    #[test]
    fn an_address_that_is_not_the_publics_is_reached_where_it_is_named() {
        let named = grants(&["http://10.0.0.1", "http://[fd00::1]:8080", "*"]);
        assert!(allows(&named, "http://10.0.0.1/") && allows(&named, "http://[fd00::1]:8080/x"));
        assert!(!allows(&named, "http://10.0.0.2/"));
        assert!(!allows(&named, "http://10.0.0.1:8080/"), "another port, although `*` is there");
        let local = grants(&["http://localhost:8080", "*"]);
        assert!(allows(&local, "http://localhost:8080/"));
        assert!(!allows(&local, "http://localhost:8081/"));
        assert!(!allows(&local, "http://127.0.0.1:8080/"), "another URL");
    }

    #[test]
    fn no_name_but_localhost_leads_to_what_is_not_the_publics() {
        assert!(may_lead_to("example.com", [93, 184, 216, 34].into()));
        for ip in [[127, 0, 0, 1], [10, 0, 0, 1], [169, 254, 169, 254]] {
            assert!(!may_lead_to("intranet.example", ip.into()));
        }
        assert!(may_lead_to("localhost", [127, 0, 0, 1].into()));
        assert!(!may_lead_to("localhost", [10, 0, 0, 1].into()));
    }
}
