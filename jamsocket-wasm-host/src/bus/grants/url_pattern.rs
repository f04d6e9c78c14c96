use super::{confined_path::is_confined, is_publics};
use jamsocket::host::shown_url;
use std::{fmt, str::FromStr};
use thiserror::Error;
use url::{Host, Url};

/// Which URLs may be reached: `*`, or `SCHEME://HOST[:PORT][/PATH]`.
///
/// - `*` is every URL that leads to an address of the public's.
/// - SCHEME is `http`, `https`, `ws` or `wss`.
/// - HOST is a name, an address, or `*.` and a name, which stands for all names under it.
/// - Without a PORT it is that of the scheme.
/// - A PATH is that path, and what is below it. A URL whose path a server may read as another one is not
///   among them: one with an escaped slash or backslash (`%2f`, `%5c`), or with a segment such as `..;`.
///
/// ```
/// use jamsocket_wasm_host::UrlPattern;
///
/// let pattern: UrlPattern = "https://*.example.com/v1".parse()?;
/// assert_eq!(pattern.to_string(), "https://*.example.com/v1");
/// assert!("example.com".parse::<UrlPattern>().is_err());
/// # Ok::<(), jamsocket_wasm_host::UrlPatternError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlPattern {
    text: String,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Any,
    Urls {
        /// With the host, unless it stands for several names.
        url: Box<Url>,
        /// The name that all names have to be under.
        under: Option<String>,
    },
}

/// Why a text is no pattern of URLs.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{text}` is no pattern of URLs: {reason}")]
pub struct UrlPatternError {
    /// Without what may be a secret.
    text: String,
    reason: &'static str,
}

impl UrlPattern {
    pub(super) fn matches(&self, url: &Url) -> bool {
        let Kind::Urls { url: pattern, under } = &self.kind else {
            return is_scheme(url.scheme()) && is_publics(url.host());
        };
        let is_host = match (under, url.host()) {
            (Some(under), Some(Host::Domain(name))) => name
                .strip_suffix(&**under)
                .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.')),
            (Some(_), _) => false,
            (None, host) => host == pattern.host(),
        };
        let path = pattern.path().trim_end_matches('/');
        let rest = url.path().strip_prefix(path);
        is_host
            && pattern.scheme() == url.scheme()
            && pattern.port_or_known_default() == url.port_or_known_default()
            && rest.is_some_and(|rest| {
                path.is_empty() || rest.is_empty() || (rest.starts_with('/') && is_confined(rest))
            })
    }

    /// Whether the pattern grants addresses that are not the public's: a private, loopback or link-local
    /// one, or `localhost`.
    pub fn is_private(&self) -> bool {
        match &self.kind {
            Kind::Any => false,
            Kind::Urls { url, under } => match under {
                Some(under) => !is_publics(Some(Host::Domain(under))),
                None => !is_publics(url.host()),
            },
        }
    }
}

impl FromStr for UrlPattern {
    type Err = UrlPatternError;

    fn from_str(text: &str) -> Result<Self, UrlPatternError> {
        let refuse = |reason| UrlPatternError { text: shown_url(text).into_owned(), reason };
        if text == "*" {
            return Ok(Self { text: text.to_owned(), kind: Kind::Any });
        }
        let (scheme, rest) = text
            .split_once("://")
            .ok_or_else(|| refuse("it begins with a scheme, such as `https://`, or is `*`"))?;
        if !is_scheme(scheme) {
            return Err(refuse("the scheme is `http`, `https`, `ws` or `wss`"));
        }
        let (under_some, plain) = match rest.strip_prefix("*.") {
            Some(plain) => (true, format!("{scheme}://{plain}")),
            None => (false, text.to_owned()),
        };
        let url: Url = plain.parse().map_err(|_| refuse("it is no URL"))?;
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refuse("it has a scheme, a host, a port and a path, and nothing more"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refuse("it names no user"));
        }
        let under = match (under_some, url.host()) {
            (false, Some(Host::Domain(name))) if name.contains('*') => {
                return Err(refuse("a `*` stands at the beginning of a host, before a dot"));
            }
            (false, _) => None,
            (true, Some(Host::Domain(name))) if !name.contains('*') => Some(name.to_owned()),
            (true, _) => return Err(refuse("after `*.` comes a name")),
        };
        Ok(Self { text: text.to_owned(), kind: Kind::Urls { url: Box::new(url), under } })
    }
}

impl fmt::Display for UrlPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn is_scheme(scheme: &str) -> bool {
    matches!(scheme, "http" | "https" | "ws" | "wss")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, url: &str, expected: bool) {
        let pattern: UrlPattern = pattern.parse().unwrap();
        assert_eq!(pattern.matches(&url.parse().unwrap()), expected, "{pattern} {url}");
    }

    #[test]
    fn a_pattern_is_of_a_scheme_a_host_a_port_and_a_path() {
        let pattern = "https://example.com/v1";
        for url in ["https://example.com/v1", "https://example.com:443/v1/x?y#z"] {
            check(pattern, url, true);
        }
        for url in [
            "http://example.com/v1",
            "https://example.com/",
            "https://example.com/v10",
            "https://example.com/v1/../v2",
            "https://example.com:8443/v1",
            "https://www.example.com/v1",
            "https://example.com.evil.example/v1",
            "https://example.com@evil.example/v1",
        ] {
            check(pattern, url, false);
        }
        check("http://example.com", "http://EXAMPLE.com/anything", true);
        check("ws://example.com:9000", "ws://example.com:9000/", true);
        check("ws://example.com:9000", "ws://example.com/", false);
        check("http://127.0.0.1", "http://0x7f.1/", true);
    }

    #[test]
    fn behind_a_path_no_url_is_granted_that_may_lead_elsewhere() {
        for path in ["/v1/..%2fsecret", "/v1/a%5c..", "/v1/..;/secret", "/v1/%252e%252e/secret"] {
            check("http://example.com/v1", &format!("http://example.com{path}"), false);
            // Where the whole server is granted, there is nothing beside the path.
            check("http://example.com", &format!("http://example.com{path}"), true);
        }
        check("http://example.com/v1/", "http://example.com/v1/%C3%A4;x=1", true);
        check("http://example.com/a%2fb", "http://example.com/a%2fb/c", true);
    }

    #[test]
    fn a_pattern_says_whether_it_is_of_private_addresses() {
        for text in [
            "http://127.0.0.1",
            "http://[::1]:8080",
            "https://10.0.0.1/v1",
            "http://169.254.169.254",
            "ws://[fe80::1]",
            "http://localhost:8080",
            "http://a.localhost",
            "http://*.localhost",
        ] {
            assert!(text.parse::<UrlPattern>().unwrap().is_private(), "{text}");
        }
        for text in ["*", "https://example.com", "https://*.example.com", "http://1.1.1.1"] {
            assert!(!text.parse::<UrlPattern>().unwrap().is_private(), "{text}");
        }
    }

    #[test]
    fn an_error_shows_no_secret() {
        for text in ["https://ann:hunter2@example.com/", "https://example.com/?key=hunter2"] {
            let refused = text.parse::<UrlPattern>().unwrap_err().to_string();
            assert!(refused.contains("`https://example.com/`"), "{refused}");
            assert!(!refused.contains("hunter2"), "{refused}");
        }
    }

    #[test]
    fn a_star_stands_for_names_below() {
        let pattern = "https://*.example.com";
        check(pattern, "https://a.example.com/", true);
        check(pattern, "https://a.b.example.com/", true);
        for host in ["example.com", ".example.com", "notexample.com", "a.example.com.evil"] {
            check(pattern, &format!("https://{host}/"), false);
        }
        check("https://*.example.com", "https://1.2.3.4/", false);
    }

    #[test]
    fn other_texts_are_no_patterns() {
        for text in [
            "",
            "example.com",
            "ftp://example.com",
            "https://",
            "https://*",
            "https://a*.example.com",
            "https://*.*.example.com",
            "https://*.1.2.3.4",
            "https://example.com/?q",
            "https://example.com/#f",
            "https://user@example.com/",
            "**",
        ] {
            assert!(text.parse::<UrlPattern>().is_err(), "{text}");
        }
    }
}
