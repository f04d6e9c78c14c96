use actix_web::web::Bytes;
use serde::Serialize;

/// An event of a stream (HTML, section 9.2.5), with its data as JSON, which has no line break. The data
/// is a struct or a list, and those can be written as JSON whatever is in them.
pub(super) fn event(name: &str, data: &impl Serialize) -> Bytes {
    let mut text = format!("event: {name}\ndata: ").into_bytes();
    let _infallible = serde_json::to_writer(&mut text, data);
    text.extend_from_slice(b"\n\n");
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_a_name_and_one_line_of_data() {
        let event = event("log", &["a\nb\r\n\u{2028}"]);
        assert_eq!(event, "event: log\ndata: [\"a\\nb\\r\\n\u{2028}\"]\n\n");
    }
}
