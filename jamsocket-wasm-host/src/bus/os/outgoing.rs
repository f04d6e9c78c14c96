//! A request to a server, and the request that follows a redirect.

use bytes::Bytes;
use reqwest::{
    Method, StatusCode, Url,
    header::{self, HeaderMap, HeaderName},
};

/// The headers that go along to another server.
///
/// Whatever else a guest sends may be a secret between it and the first server.
const KEPT_HEADERS: [HeaderName; 5] = [
    header::ACCEPT,
    header::ACCEPT_ENCODING,
    header::ACCEPT_LANGUAGE,
    header::RANGE,
    header::USER_AGENT,
];

/// The headers that describe a body. They go where the body goes.
const BODY_HEADERS: [HeaderName; 3] =
    [header::CONTENT_ENCODING, header::CONTENT_LANGUAGE, header::CONTENT_TYPE];

/// A request as it is sent to one server.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Outgoing {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Bytes>,
}

impl Outgoing {
    /// The request that follows a response of this status and `Location`, or `None` if the response is
    /// the last one (RFC 9110, section 15.4).
    ///
    /// Only a few headers go along to another scheme, host or port, and never a user with a password.
    pub(super) fn redirected(&self, status: StatusCode, location: Option<&str>) -> Option<Self> {
        let keeps_body = match status.as_u16() {
            307 | 308 => true,
            301..=303 => false,
            _ => return None,
        };
        let mut next = self.clone();
        next.url = self.url.join(location?).ok()?;
        if !keeps_body {
            next.drop_body(status);
        }
        if next.url.origin() != self.url.origin() {
            next.drop_secrets();
        }
        Some(next)
    }

    /// Makes the request one without a body, if clients do that at this status.
    fn drop_body(&mut self, status: StatusCode) {
        let is_dropped = match status {
            StatusCode::SEE_OTHER => self.method != Method::HEAD,
            _ => self.method == Method::POST,
        };
        if is_dropped {
            self.method = Method::GET;
            self.body = None;
            for name in BODY_HEADERS {
                self.headers.remove(name);
            }
        }
    }

    fn drop_secrets(&mut self) {
        let mut kept = HeaderMap::new();
        for name in KEPT_HEADERS.iter().chain(&BODY_HEADERS) {
            for value in self.headers.get_all(name) {
                kept.append(name, value.clone());
            }
        }
        self.headers = kept;
        // It fails where a URL has no host, and such a one is not granted.
        let _ = self.url.set_username("").and_then(|()| self.url.set_password(None));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post() -> Outgoing {
        let mut headers = HeaderMap::new();
        for name in ["accept", "authorization", "content-type", "cookie", "referer", "x-api-key"] {
            headers.insert(HeaderName::from_static(name), "value".parse().unwrap());
        }
        Outgoing {
            method: Method::POST,
            url: "https://ann:hunter2@a.example/v1/x?y".parse().unwrap(),
            headers,
            body: Some(Bytes::from_static(b"body")),
        }
    }

    fn redirected(status: u16, location: &str) -> Outgoing {
        post().redirected(StatusCode::from_u16(status).unwrap(), Some(location)).unwrap()
    }

    fn names(outgoing: &Outgoing) -> Vec<&str> {
        let mut names: Vec<_> = outgoing.headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn all_headers_go_along_to_the_same_server() {
        let next = redirected(307, "/v2");
        assert_eq!(next.url.as_str(), "https://ann:hunter2@a.example/v2");
        assert_eq!((&next.headers, &next.body), (&post().headers, &post().body));
        assert_eq!(next.method, Method::POST);
    }

    #[test]
    fn few_headers_go_along_to_another_server() {
        for location in
            ["https://b.example/", "//b.example", "http://a.example/", "https://a.example:444/"]
        {
            let next = redirected(308, location);
            assert_eq!(names(&next), ["accept", "content-type"], "{location}");
            assert!(next.body.is_some());
        }
        let next = redirected(302, "https://eve:secret@b.example/");
        assert_eq!(next.url.as_str(), "https://b.example/");
        assert_eq!(names(&next), ["accept"]);
    }

    #[test]
    fn what_was_dropped_stays_dropped_on_the_way_back() {
        let there = redirected(307, "https://b.example/");
        let back = there.redirected(StatusCode::FOUND, Some("https://a.example/")).unwrap();
        assert_eq!(names(&back), ["accept"]);
        assert_eq!(back.url.username(), "");
    }

    #[test]
    fn a_post_becomes_a_get_without_a_body_where_clients_do_so() {
        for status in [301, 302, 303] {
            let next = redirected(status, "/");
            assert_eq!((next.method, next.body), (Method::GET, None), "{status}");
            assert!(!next.headers.contains_key("content-type"));
        }
        let put = Outgoing { method: Method::PUT, ..post() };
        let moved = put.redirected(StatusCode::FOUND, Some("/")).unwrap();
        assert_eq!((moved.method, moved.body), (Method::PUT, post().body));
        let other = put.redirected(StatusCode::SEE_OTHER, Some("/")).unwrap();
        assert_eq!((other.method, other.body), (Method::GET, None));
        let head = Outgoing { method: Method::HEAD, body: None, ..post() };
        let other = head.redirected(StatusCode::SEE_OTHER, Some("/")).unwrap();
        assert_eq!(other.method, Method::HEAD);
    }

    #[test]
    fn other_responses_are_the_last() {
        for status in [200, 300, 304, 305, 400] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(post().redirected(status, Some("/")), None);
        }
        assert_eq!(post().redirected(StatusCode::FOUND, None), None);
        assert_eq!(post().redirected(StatusCode::FOUND, Some("https://")), None);
    }
}
