use std::borrow::Cow;

/// A URL without what may be a secret in it: the user and password, the query and the fragment.
///
/// URLs pass through here before they are logged or put into an error. The text need not be a correct
/// URL.
///
/// ```
/// use jamsocket::host::shown_url;
///
/// let url = "https://ann:hunter2@example.com:8080/v1/items?token=hunter2#top";
/// assert_eq!(shown_url(url), "https://example.com:8080/v1/items");
/// ```
pub fn shown_url(url: &str) -> Cow<'_, str> {
    let head = url.find(['?', '#']).map_or(url, |end| &url[..end]);
    let begin = head.find("://").map_or(0, |scheme| scheme + 3);
    let authority = &head[begin..];
    let authority = authority.find(['/', '\\']).map_or(authority, |end| &authority[..end]);
    match authority.rfind('@') {
        None => Cow::Borrowed(head),
        Some(at) => Cow::Owned(format!("{}{}", &head[..begin], &head[begin + at + 1..])),
    }
}

#[cfg(test)]
mod tests {
    use super::shown_url;

    #[test]
    fn only_scheme_host_port_and_path_are_shown() {
        for (url, shown) in [
            ("https://example.com/", "https://example.com/"),
            ("https://example.com/a@b/c", "https://example.com/a@b/c"),
            ("https://ann@example.com/a?b=c", "https://example.com/a"),
            ("https://ann:a@b@example.com", "https://example.com"),
            ("https://ann:hunter2@[::1]:80/#x", "https://[::1]:80/"),
            ("https://example.com?a=b@c", "https://example.com"),
            (r"https://ann:x@host\y@z", r"https://host\y@z"),
            ("ann:hunter2@example.com/a", "example.com/a"),
            ("*", "*"),
            ("", ""),
        ] {
            assert_eq!(shown_url(url), shown, "{url}");
        }
    }
}
