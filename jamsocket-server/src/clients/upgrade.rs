use super::{
    Client, CloseReason, Keeper, Outbox,
    body::ClientBody,
    connection::{Connection, Patience},
    handshake,
    pacer::Pacer,
};
use crate::{
    http::{address, refuse},
    metrics::OpenConnection,
    open_sockets::OpenSockets,
    rate::MessageRate,
    rooms::{JoinError, RoomId, Rooms, Seat},
};
use actix_web::{Error, HttpRequest, HttpResponse, web::Payload};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

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
    let outbox = Arc::new(Outbox::new(&settings.limits, metrics).paced_by(Pacer::here()));
    let seat = match rooms.join(id, &outbox, address(request)).await {
        Ok(membership) => Some(Seat::new(membership)),
        Err(JoinError::Failed(error)) => {
            outbox.close(CloseReason::not_started(error.to_string()));
            None
        }
        Err(refusal) => return Ok(refuse::join(metrics, &refusal)),
    };
    let patience = Patience {
        heartbeat_interval: settings.heartbeat_interval,
        heartbeat_timeout: settings.heartbeat_timeout,
        close_time: settings.limits.close_time,
    };
    let rate = MessageRate::new(&settings.limits);
    let connection = Connection::new(outbox, seat, rate, patience, metrics);
    if let Some(at) = connection.check(Instant::now(), Duration::ZERO) {
        Keeper::watch(&connection, at);
    }
    let open = OpenConnection::new(metrics);
    let client = Client::new(&settings.limits, connection, place, open);
    Ok(handshake::accept(request).body(ClientBody::new(client, payload.into_inner())))
}
