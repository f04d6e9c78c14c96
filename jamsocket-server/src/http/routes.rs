use super::{address, refuse};
use crate::{
    clients::upgrade,
    http::origin::AllowedOrigins,
    open_sockets::OpenSockets,
    rooms::{RoomId, RoomIdError, Rooms},
};
use actix_web::{
    Error, HttpRequest, HttpResponse,
    http::header::ContentType,
    web::{self, Data, Payload, ServiceConfig},
};
use std::sync::Arc;

/// What the handlers of one service's routes work with.
struct Shared {
    rooms: Arc<Rooms>,
    /// The WebSockets that are open.
    open: OpenSockets,
    /// From which pages rooms may be joined and made.
    origins: Arc<AllowedOrigins>,
}

/// Adds `GET /status` (and `HEAD`), which answers `ok`.
pub(crate) fn add_status(app: &mut ServiceConfig) {
    let ok = || async { plain("ok".to_owned()) };
    app.service(web::resource("/status").route(web::get().to(ok)).route(web::head().to(ok)));
}

/// Adds the routes of one service: under its name, or at the root for one that is served alone.
pub(crate) fn add_service(
    app: &mut ServiceConfig,
    rooms: &Arc<Rooms>,
    open: &OpenSockets,
    origins: &Arc<AllowedOrigins>,
) {
    let prefix = rooms.path_prefix();
    let shared =
        Data::new(Shared { rooms: rooms.clone(), open: open.clone(), origins: origins.clone() });
    // The id may be empty here, so that it is refused like any other that is none.
    app.service(
        web::resource(format!("{prefix}/ws/{{room:[^/]*}}"))
            .app_data(shared.clone())
            .route(web::get().to(join))
            .route(web::post().to(create)),
    );
    app.service(
        web::resource(format!("{prefix}/new_room"))
            .app_data(shared)
            .route(web::post().to(new_room)),
    );
}

async fn join(
    shared: Data<Shared>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Error> {
    if !shared.origins.allow(&request) {
        return Ok(refuse::origin(&shared.rooms.metrics));
    }
    match room_id(&request) {
        Ok(id) => upgrade(&shared.rooms, &shared.open, &id, &request, payload).await,
        Err(error) => Ok(refuse::room_id(&shared.rooms.metrics, &error)),
    }
}

async fn create(shared: Data<Shared>, request: HttpRequest) -> HttpResponse {
    if !shared.origins.allow(&request) {
        return refuse::origin(&shared.rooms.metrics);
    }
    let id = match room_id(&request) {
        Ok(id) => id,
        Err(error) => return refuse::room_id(&shared.rooms.metrics, &error),
    };
    match shared.rooms.create(&id, address(&request)).await {
        Ok(()) => plain(id.to_string()),
        Err(error) => refuse::create(&shared.rooms.metrics, &error),
    }
}

async fn new_room(shared: Data<Shared>, request: HttpRequest) -> HttpResponse {
    if !shared.origins.allow(&request) {
        return refuse::origin(&shared.rooms.metrics);
    }
    match shared.rooms.generate(address(&request)).await {
        Ok(id) => plain(id.to_string()),
        Err(error) => refuse::create(&shared.rooms.metrics, &error),
    }
}

/// The room's id, from the path as it was sent: the router's own decoding is lossy.
fn room_id(request: &HttpRequest) -> Result<RoomId, RoomIdError> {
    let path = request.uri().path();
    let segment = path.rsplit_once('/').map_or(path, |(_, segment)| segment);
    RoomId::from_path_segment(segment)
}

fn plain(text: String) -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::plaintext()).body(text)
}
