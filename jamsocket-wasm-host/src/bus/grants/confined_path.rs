use percent_encoding::percent_decode_str;

/// How often a path is decoded at most. A path that still changes then is refused.
const MAX_DECODINGS: usize = 3;

/// Whether a URL's path leads to nothing but itself and what is below it, for every server that may read
/// it.
///
/// The URL standard takes `..` out of paths, and nothing else. Servers may also decode an escaped slash or
/// dot (once, or once more behind a proxy), read a backslash as a slash, and ignore what follows a `;` in a
/// segment. So `/v1/..%2fsecret`, `/v1/..;/secret` and `/v1/%252e%252e/secret` may all lead to `/secret`.
pub(super) fn is_confined(path: &str) -> bool {
    path.split('/').all(is_plain_segment)
}

fn is_plain_segment(segment: &str) -> bool {
    let mut segment = segment.to_owned();
    for _ in 0..MAX_DECODINGS {
        let name = segment.split(';').next().unwrap_or_default();
        if segment.contains(['/', '\\']) || name == ".." || name == "." {
            return false;
        }
        // Old servers read overlong forms of `.` and `/`, which are not UTF-8.
        let Ok(decoded) = percent_decode_str(&segment).decode_utf8() else { return false };
        if decoded == segment {
            return true;
        }
        segment = decoded.into_owned();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::is_confined;

    #[test]
    fn plain_and_escaped_names_are_confined() {
        for path in [
            "",
            "/",
            "/v1/items",
            "/v1//items/",
            "/v1/a..b/...",
            "/v1/.well-known/x;v=1",
            "/v1/%C3%A4%20b",
            "/v1/100%25",
            "/v1/%zz",
            "/v1/a;../b",
        ] {
            assert!(is_confined(path), "{path}");
        }
    }

    #[test]
    fn what_a_server_may_read_as_another_path_is_not() {
        for path in [
            "/v1/..%2fsecret",
            "/v1/..%2Fsecret",
            "/v1/..%5csecret",
            "/v1/a%5Cb",
            r"/v1/..\secret",
            "/v1/a%2fb",
            "/v1/../secret",
            "/v1/%2e%2e/secret",
            "/v1/.%2E/secret",
            "/v1/..;/secret",
            "/v1/..;a=b/secret",
            "/v1/%2e%2e;/secret",
            "/v1/..%3b/secret",
            "/v1/.;/..;/secret",
            "/v1/%252e%252e/secret",
            "/v1/..%252fsecret",
            "/v1/..%25252fsecret",
            "/v1/%2525252525",
            "/v1/%c0%ae%c0%ae/secret",
            "/v1/..%c0%afsecret",
            "/v1/%ff",
        ] {
            assert!(!is_confined(path), "{path}");
        }
    }
}
