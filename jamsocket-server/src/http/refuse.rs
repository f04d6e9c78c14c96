//! Refusals: a status, and one sentence in plain text that says what is wrong.

use crate::rooms::{CreateError, JoinError, RoomIdError};
use actix_web::{
    HttpResponse,
    http::{
        StatusCode,
        header::{ContentType, HeaderValue, RETRY_AFTER},
    },
};

/// After how many seconds a client may try again where capacity is used up.
const RETRY_AFTER_SECONDS: &str = "1";

pub(crate) fn room_id(error: &RoomIdError) -> HttpResponse {
    text(StatusCode::BAD_REQUEST, error.to_string())
}

/// The request comes from a page that may not make it.
pub(crate) fn origin() -> HttpResponse {
    text(StatusCode::FORBIDDEN, "pages of this origin may not use these rooms".into())
}

/// The request is for a name that the server does not answer to.
pub(crate) fn host() -> HttpResponse {
    text(StatusCode::MISDIRECTED_REQUEST, "this server does not answer to that name".into())
}

/// There is nothing at this path.
pub(crate) async fn path() -> HttpResponse {
    let sentence = "there is nothing here: a room is a WebSocket at /ws/NAME";
    text(StatusCode::NOT_FOUND, sentence.to_owned())
}

pub(crate) fn join(error: &JoinError) -> HttpResponse {
    match error {
        JoinError::Unknown => text(StatusCode::NOT_FOUND, "there is no such room".into()),
        JoinError::AtCapacity(used_up) => unavailable(used_up),
        JoinError::Busy => unavailable("the room is too busy to be joined"),
        JoinError::Stopping => unavailable("the server is stopping"),
        JoinError::Failed(error) => text(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}

pub(crate) fn create(error: &CreateError) -> HttpResponse {
    match error {
        CreateError::Exists => text(StatusCode::CONFLICT, "there is such a room already".into()),
        CreateError::WrongStrategy(strategy) => {
            let text_of =
                format!("rooms are not made in this way here: their strategy is `{strategy}`");
            text(StatusCode::BAD_REQUEST, text_of)
        }
        CreateError::NotStarted(error) => join(error),
    }
}

pub(crate) fn unavailable(reason: &str) -> HttpResponse {
    let mut response = text(StatusCode::SERVICE_UNAVAILABLE, reason.to_owned());
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_SECONDS));
    response
}

pub(crate) fn text(status: StatusCode, sentence: String) -> HttpResponse {
    HttpResponse::build(status).content_type(ContentType::plaintext()).body(sentence + "\n")
}
