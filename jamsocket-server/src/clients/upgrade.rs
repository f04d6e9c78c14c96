use super::{CloseReason, Joined, Outbox, body::ClientBody, handshake};
use crate::{
    http::{address, refuse},
    open_sockets::OpenSockets,
    rooms::{JoinError, RoomId, Rooms},
};
use actix_web::{Error, HttpMessage as _, HttpRequest, HttpResponse, web::Payload};
use std::sync::Arc;

/// Comes with a request whose socket can be had: who has [`Joined`] by it is put beside the answer, and gets
/// the socket once that has been written.
pub(crate) struct SocketOffer;

/// Brings a client into a room and answers with an open WebSocket.
///
/// The room is built, and the client in it, before the answer: where there is no capacity the answer
/// is a 503, and a room that could not be started is told in a Close, as a browser shows nothing of
/// a refused upgrade.
pub(crate) async fn upgrade(
    rooms: &Arc<Rooms>,
    open: &OpenSockets,
    id: &RoomId,
    request: &HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Error> {
    if let Err(error) = handshake::check(request) {
        return Ok(refuse::handshake(&rooms.metrics, error.status(), error.to_string()));
    }
    let (settings, metrics) = (&rooms.settings, &rooms.metrics);
    let Some(place) = open.open() else {
        return Ok(refuse::connection(metrics));
    };
    let outbox = Arc::new(Outbox::new(&settings.limits, metrics));
    let membership = match rooms.join(id, &outbox, address(request)).await {
        Ok(membership) => Some(membership),
        Err(JoinError::Failed(error)) => {
            outbox.close(CloseReason::not_started(error.to_string()));
            None
        }
        Err(refusal) => return Ok(refuse::join(metrics, &refusal)),
    };
    let joined = Joined::new(rooms, outbox, membership, place);
    let mut response = handshake::accept(request);
    if !request.extensions().contains::<SocketOffer>() {
        return Ok(response.body(ClientBody::new(joined.here(), payload.into_inner())));
    }
    let mut response = response.finish();
    response.extensions_mut().insert(joined);
    Ok(response)
}
