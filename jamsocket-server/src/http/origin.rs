use actix_web::{HttpRequest, http::header};
use std::net::IpAddr;

/// From which pages a browser may open rooms here.
///
/// A browser sends the user's cookies along when a page of any site opens a WebSocket; that page is
/// named in the header `Origin`. Programs that are no browsers send none, and are always let in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum AllowedOrigins {
    /// Pages whose host and port are those that the request is for (its header `Host`), by either
    /// scheme, so that a proxy may add TLS.
    #[default]
    SameHost,
    /// The same, and any page of this machine's: for development.
    SameHostOrLocalhost,
    /// The pages of these origins, each such as `https://example.com` or `http://localhost:3000`.
    Only(Vec<String>),
    /// Any page.
    Any,
}

/// Which names the server answers to.
///
/// A page can have its own name point at this machine and so reach a server here that listens for
/// nobody else; the name that it used is in the header `Host`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum AllowedHosts {
    /// On a loopback address the names of this machine, on any other address any name.
    #[default]
    Automatic,
    /// These names, without a port, and addresses.
    Only(Vec<String>),
    /// Any name.
    Any,
}

impl AllowedOrigins {
    /// Whether the page that the request comes from, if it comes from one, may.
    pub(crate) fn allow(&self, request: &HttpRequest) -> bool {
        let mut origins = request.headers().get_all(header::ORIGIN);
        let (first, second) = (origins.next(), origins.next());
        let Some(origin) = first else { return true };
        let Ok(origin) = origin.to_str() else { return false };
        second.is_none() && self.allow_origin(origin, host_of(request).unwrap_or_default())
    }

    fn allow_origin(&self, origin: &str, host: &str) -> bool {
        match self {
            AllowedOrigins::Any => true,
            AllowedOrigins::Only(allowed) => {
                allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin))
            }
            AllowedOrigins::SameHost => {
                Authority::of_origin(origin).is_some_and(|page| page.is_same(Authority::new(host)))
            }
            AllowedOrigins::SameHostOrLocalhost => {
                Authority::of_origin(origin).is_some_and(|page| {
                    page.is_same(Authority::new(host)) || is_this_machine(page.name)
                })
            }
        }
    }
}

impl AllowedHosts {
    /// What it comes to on these addresses.
    pub(crate) fn on(self, addresses: impl IntoIterator<Item = IpAddr>) -> Self {
        match self {
            AllowedHosts::Automatic if addresses.into_iter().all(|ip| ip.is_loopback()) => self,
            AllowedHosts::Automatic => AllowedHosts::Any,
            given => given,
        }
    }

    /// Whether the server answers to the name that the request is for. `Automatic` counts as on a
    /// loopback address.
    pub(crate) fn allow(&self, request: &HttpRequest) -> bool {
        let Some(host) = host_of(request) else { return false };
        let name = Authority::new(host).name;
        match self {
            AllowedHosts::Any => true,
            AllowedHosts::Automatic => is_this_machine(name),
            AllowedHosts::Only(allowed) => allowed.iter().any(|a| a.eq_ignore_ascii_case(name)),
        }
    }
}

/// Whom a request is for: the authority of its target where it has one, as that overrides the header
/// (RFC 9112, section 3.2.2), or else its header `Host`.
fn host_of(request: &HttpRequest) -> Option<&str> {
    match request.uri().authority() {
        Some(authority) => Some(authority.as_str()),
        None => request.headers().get(header::HOST)?.to_str().ok(),
    }
}

/// A host and a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Authority<'a> {
    name: &'a str,
    /// None for the default of whatever scheme.
    port: Option<&'a str>,
}

impl<'a> Authority<'a> {
    fn new(text: &'a str) -> Self {
        let (name, port) = match text.rsplit_once(':') {
            // A colon inside of brackets belongs to the address.
            Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
            _ => (text, None),
        };
        Self { name, port: port.filter(|port| !["", "80", "443"].contains(port)) }
    }

    /// The authority of an origin (RFC 6454, section 6.1), which has no path.
    fn of_origin(origin: &'a str) -> Option<Self> {
        let (scheme, authority) = origin.split_once("://")?;
        let known = ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
        (known && !authority.is_empty() && !authority.contains(['/', '@', '?', '#']))
            .then(|| Self::new(authority))
    }

    fn is_same(self, other: Self) -> bool {
        self.name.eq_ignore_ascii_case(other.name) && self.port == other.port
    }
}

/// Whether a name always leads to this machine (RFC 6761, section 6.3, and loopback addresses).
fn is_this_machine(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(&name);
    name == "localhost"
        || name.ends_with(".localhost")
        || address.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn request(host: &str, origins: &[&str]) -> HttpRequest {
        let mut request = TestRequest::default().insert_header((header::HOST, host));
        for origin in origins {
            request = request.append_header((header::ORIGIN, *origin));
        }
        request.to_http_request()
    }

    fn allowed(origins: &AllowedOrigins, host: &str, origin: &str) -> bool {
        origins.allow(&request(host, &[origin]))
    }

    #[test]
    fn a_page_of_the_same_host_and_port_is_let_in_by_either_scheme() {
        let same = AllowedOrigins::SameHost;
        for (host, origin) in [
            ("example.com", "https://example.com"),
            ("example.com", "http://example.com"),
            ("Example.com:443", "https://example.com"),
            ("localhost:8080", "http://localhost:8080"),
            ("[::1]:8080", "http://[::1]:8080"),
        ] {
            assert!(allowed(&same, host, origin), "{origin} at {host}");
        }
        assert!(same.allow(&request("example.com", &[])));
    }

    #[test]
    fn other_pages_are_not() {
        for origin in [
            "https://evil.example",
            "null",
            "",
            "https://example.com.evil.example",
            "https://evil.example/example.com",
            "https://example.com@evil.example",
            "https://example.com:8443",
            "https://sub.example.com",
            "file://",
            "http://localhost",
        ] {
            assert!(!allowed(&AllowedOrigins::SameHost, "example.com", origin), "{origin}");
        }
        let two = request("example.com", &["https://example.com", "https://example.com"]);
        assert!(!AllowedOrigins::SameHost.allow(&two));
    }

    #[test]
    fn in_development_any_page_of_this_machine_is_let_in() {
        let dev = AllowedOrigins::SameHostOrLocalhost;
        for origin in ["http://localhost:3000", "http://127.0.0.1", "https://app.localhost:1"] {
            assert!(allowed(&dev, "192.168.0.7:8080", origin), "{origin}");
        }
        assert!(!allowed(&dev, "localhost:8080", "http://localhost.evil.example"));
    }

    #[test]
    fn a_list_is_compared_whole() {
        let only = AllowedOrigins::Only(vec!["https://example.com".into()]);
        assert!(allowed(&only, "elsewhere", "https://Example.com"));
        for origin in ["http://example.com", "https://example.com.evil", "https://elsewhere"] {
            assert!(!allowed(&only, "elsewhere", origin), "{origin}");
        }
        assert!(allowed(&AllowedOrigins::Any, "x", "null"));
    }

    #[test]
    fn on_a_loopback_address_only_this_machines_names_are_answered_to() {
        let loopback = AllowedHosts::default().on(["127.0.0.1".parse().unwrap()]);
        for host in [
            "localhost:8080",
            "127.0.0.1:8080",
            "127.1.2.3",
            "[::1]:1",
            "a.localhost",
            "LOCALHOST.",
        ] {
            assert!(loopback.allow(&request(host, &[])), "{host}");
        }
        for host in ["evil.example:8080", "localhost.evil.example", "192.168.0.7", ""] {
            assert!(!loopback.allow(&request(host, &[])), "{host}");
        }
    }

    #[test]
    fn on_other_addresses_any_name_is_answered_to_unless_there_is_a_list() {
        let public = ["0.0.0.0".parse().unwrap(), "127.0.0.1".parse().unwrap()];
        assert!(AllowedHosts::Automatic.on(public).allow(&request("example.com", &[])));
        let only = AllowedHosts::Only(vec!["example.com".into()]).on(public);
        assert!(only.allow(&request("Example.com:8080", &[])));
        assert!(!only.allow(&request("www.example.com", &[])));
    }

    #[test]
    fn the_target_of_a_request_counts_before_its_header() {
        let request = TestRequest::with_uri("http://evil.example/ws/1")
            .insert_header((header::HOST, "localhost"))
            .to_http_request();
        assert!(!AllowedHosts::Automatic.allow(&request));
    }
}
