use actix_http::ws::verify_handshake;
use actix_web::{
    Error, HttpRequest,
    error::ErrorBadRequest,
    http::{Version, header},
};

/// Checks a request to open a WebSocket (RFC 6455, section 4.2.1), more strictly than actix-http
/// does: what it lets pass would be answered with frames that nobody can read, or would have a body
/// taken for frames.
///
/// # Errors
///
/// The answer to give: a 400, or a 426 for another version of the protocol.
pub(super) fn check(request: &HttpRequest) -> Result<(), Error> {
    verify_handshake(request.head())?;
    let headers = request.headers();
    let refused = |sentence: &'static str| Err(ErrorBadRequest(sentence));
    if request.version() != Version::HTTP_11 {
        return refused("a WebSocket is opened by HTTP/1.1\n");
    }
    let has_length = headers.get(header::CONTENT_LENGTH).is_some_and(|length| length != "0");
    if has_length || headers.contains_key(header::TRANSFER_ENCODING) {
        return refused("a request that opens a WebSocket has no body\n");
    }
    for name in [header::SEC_WEBSOCKET_KEY, header::SEC_WEBSOCKET_VERSION] {
        if headers.get_all(name).count() != 1 {
            return refused("a WebSocket's key and version are given once\n");
        }
    }
    let is_websocket = |token: &str| token.trim().eq_ignore_ascii_case("websocket");
    let upgrade = headers.get(header::UPGRADE).and_then(|value| value.to_str().ok());
    if !upgrade.is_some_and(|value| value.split(',').any(is_websocket)) {
        return refused("the header Upgrade names no websocket\n");
    }
    Ok(())
}
