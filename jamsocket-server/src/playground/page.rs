//! The page: `page/index.html`, with its style and its scripts inside.

const FRAME: &str = include_str!("page/index.html");
const STYLE: &str = include_str!("page/style.css");

/// One module, whose parts see each other.
const SCRIPT: &str = concat!(
    include_str!("page/text.js"),
    include_str!("page/json.js"),
    include_str!("page/transcript.js"),
    include_str!("page/composer.js"),
    include_str!("page/client.js"),
    include_str!("page/panels.js"),
    include_str!("page/main.js"),
);

/// The page, whose style and script count by this nonce.
pub(super) fn page(nonce: &str) -> String {
    // These first: they must not be put anywhere but into the frame.
    let page = FRAME.replace("{{nonce}}", nonce).replace("{{version}}", env!("CARGO_PKG_VERSION"));
    page.replace("{{style}}", STYLE).replace("{{script}}", SCRIPT)
}

/// What a browser may do on the page: run its own script and style, and talk to servers.
pub(super) fn content_security_policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; \
         connect-src 'self' ws: wss:; img-src data:; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_whole_and_its_parts_end_nowhere_but_at_their_end() {
        let page = page("abc");
        assert!(!page.contains("{{"), "a part is missing");
        assert_eq!(page.matches("nonce=\"abc\"").count(), 2);
        for tag in ["<script", "</script>", "<style", "</style>"] {
            assert_eq!(page.matches(tag).count(), 1, "{tag}");
        }
    }

    #[test]
    fn the_page_is_loaded_from_nowhere_else_and_makes_no_markup_of_text() {
        let page = page("abc");
        for elsewhere in ["src=", "@import", "url(", "https://"] {
            assert!(!page.contains(elsewhere), "{elsewhere}");
        }
        for writes_markup in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write"] {
            assert!(!page.contains(writes_markup), "{writes_markup}");
        }
    }
}
