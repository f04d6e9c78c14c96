use actix_http::ws;
use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder, ResponseError as _,
    http::{
        StatusCode, Version,
        header::{self, HeaderValue},
    },
};
use thiserror::Error;

/// Why a request opens no WebSocket.
#[derive(Debug, Error)]
pub(super) enum HandshakeError {
    #[error("this address opens a WebSocket: {0}")]
    NoHandshake(#[from] ws::HandshakeError),
    #[error("a WebSocket is opened by HTTP/1.1")]
    HttpVersion,
    #[error("a request that opens a WebSocket has no body")]
    Body,
    #[error("a WebSocket's key and version are given once")]
    Repeated,
    #[error("the header Upgrade has to be `websocket`, and nothing else")]
    Upgrade,
}

impl HandshakeError {
    /// A 426 for another version of the protocol, a 400 for the rest.
    pub(super) fn status(&self) -> StatusCode {
        match self {
            HandshakeError::NoHandshake(error) => error.error_response().status(),
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

/// Checks a request to open a WebSocket (RFC 6455, section 4.2.1), more strictly than actix-http
/// does: what it lets pass would be answered with frames that nobody can read, or would have a body
/// taken for frames.
pub(super) fn check(request: &HttpRequest) -> Result<(), HandshakeError> {
    ws::verify_handshake(request.head())?;
    let headers = request.headers();
    if request.version() != Version::HTTP_11 {
        return Err(HandshakeError::HttpVersion);
    }
    let has_length = headers.get(header::CONTENT_LENGTH).is_some_and(|length| length != "0");
    if has_length || headers.contains_key(header::TRANSFER_ENCODING) {
        return Err(HandshakeError::Body);
    }
    for name in [header::SEC_WEBSOCKET_KEY, header::SEC_WEBSOCKET_VERSION] {
        if headers.get_all(name).count() != 1 {
            return Err(HandshakeError::Repeated);
        }
    }
    // In a list it would be one of several to choose from, and HTTP/1 goes on as if it were none.
    let is_websocket = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"websocket");
    if !headers.get(header::UPGRADE).is_some_and(is_websocket) {
        return Err(HandshakeError::Upgrade);
    }
    Ok(())
}

/// The head of the answer that opens the WebSocket which a checked request asks for (RFC 6455,
/// section 4.2.2). Its body is what is written to the socket.
pub(super) fn accept(request: &HttpRequest) -> HttpResponseBuilder {
    let key = request.headers().get(header::SEC_WEBSOCKET_KEY);
    let accept = ws::hash_key(key.map_or(&[], HeaderValue::as_bytes));
    let mut response = HttpResponse::SwitchingProtocols();
    response.upgrade("websocket").insert_header((header::SEC_WEBSOCKET_ACCEPT, &accept[..]));
    response
}
