//! Refusals: a status, and one sentence in plain text that says what is wrong. Each is counted here,
//! as it is answered.

use crate::{
    metrics::{Counter, Refusal, ServiceMetrics},
    rooms::{CreateError, JoinError, RoomIdError},
};
use actix_web::{
    HttpResponse,
    http::{
        StatusCode,
        header::{ContentType, HeaderValue, RETRY_AFTER},
    },
};

/// After how many seconds a client may try again where capacity is used up.
const RETRY_AFTER_SECONDS: &str = "1";

pub(crate) fn room_id(metrics: &ServiceMetrics, error: &RoomIdError) -> HttpResponse {
    metrics.refusals.count(Refusal::BadId);
    text(StatusCode::BAD_REQUEST, error.to_string())
}

/// The request comes from a page that may not make it.
pub(crate) fn origin(metrics: &ServiceMetrics) -> HttpResponse {
    metrics.refusals.count(Refusal::Origin);
    text(StatusCode::FORBIDDEN, "pages of this origin may not use these rooms".into())
}

/// The request is for a name that the server does not answer to.
pub(crate) fn host(refused: &Counter) -> HttpResponse {
    refused.count();
    text(StatusCode::MISDIRECTED_REQUEST, "this server does not answer to that name".into())
}

/// There is nothing at this path.
pub(crate) async fn path() -> HttpResponse {
    let sentence = "there is nothing here: a room is a WebSocket at /ws/NAME";
    text(StatusCode::NOT_FOUND, sentence.to_owned())
}

/// The request opens no WebSocket.
pub(crate) fn handshake(
    metrics: &ServiceMetrics,
    status: StatusCode,
    error: String,
) -> HttpResponse {
    metrics.refusals.count(Refusal::Handshake);
    text(status, error)
}

/// There are as many WebSockets as there may be.
pub(crate) fn connection(metrics: &ServiceMetrics) -> HttpResponse {
    metrics.refusals.count(Refusal::MaxConnections);
    unavailable("there is no place for another WebSocket")
}

/// As many pages listen to the playground as may.
pub(crate) fn listener() -> HttpResponse {
    unavailable("as many pages of the playground are open as may be")
}

/// There is nothing at this path of the admin address.
pub(crate) async fn admin_path() -> HttpResponse {
    let sentence = "there is nothing here: this address has /metrics and /rooms";
    text(StatusCode::NOT_FOUND, sentence.to_owned())
}

pub(crate) fn join(metrics: &ServiceMetrics, error: &JoinError) -> HttpResponse {
    metrics.refusals.count(error.into());
    no_room(error)
}

pub(crate) fn create(metrics: &ServiceMetrics, error: &CreateError) -> HttpResponse {
    metrics.refusals.count(error.into());
    match error {
        CreateError::Exists => text(StatusCode::CONFLICT, "there is such a room already".into()),
        CreateError::WrongStrategy(strategy) => {
            let text_of =
                format!("rooms are not made in this way here: their strategy is `{strategy}`");
            text(StatusCode::BAD_REQUEST, text_of)
        }
        CreateError::NotStarted(error) => no_room(error),
    }
}

fn no_room(error: &JoinError) -> HttpResponse {
    match error {
        JoinError::Unknown => text(StatusCode::NOT_FOUND, "there is no such room".into()),
        JoinError::AtCapacity(used_up) => unavailable(&used_up.to_string()),
        JoinError::Busy => unavailable("the room is too busy to be joined"),
        JoinError::Stopping => unavailable("the server is stopping"),
        JoinError::Failed(error) => text(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}

fn unavailable(reason: &str) -> HttpResponse {
    let mut response = text(StatusCode::SERVICE_UNAVAILABLE, reason.to_owned());
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_SECONDS));
    response
}

pub(crate) fn text(status: StatusCode, sentence: String) -> HttpResponse {
    HttpResponse::build(status).content_type(ContentType::plaintext()).body(sentence + "\n")
}
