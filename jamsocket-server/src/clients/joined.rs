use super::{
    Client, Keeper, Outbox,
    client_socket::ClientSocket,
    connection::{Connection, Patience},
    pacer::Pacer,
};
use crate::{
    metrics::OpenConnection,
    open_sockets::OpenSocket,
    rate::MessageRate,
    rooms::{Membership, Rooms, Seat},
    socket::Transport,
};
use bytes::BytesMut;
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// A client that is in its room, or was refused by it, and lives on no thread yet.
pub(crate) struct Joined {
    rooms: Arc<Rooms>,
    outbox: Unsettled,
    membership: Option<Membership>,
    place: OpenSocket,
    open: OpenConnection,
}

/// The outbox of a client whose socket may be lost before the client lives on it.
struct Unsettled {
    outbox: Arc<Outbox>,
    is_settled: bool,
}

impl Unsettled {
    fn settle(mut self) -> Arc<Outbox> {
        self.is_settled = true;
        self.outbox.clone()
    }
}

impl Drop for Unsettled {
    fn drop(&mut self) {
        if !self.is_settled {
            self.outbox.finish();
        }
    }
}

impl Joined {
    pub(super) fn new(
        rooms: &Arc<Rooms>,
        outbox: Arc<Outbox>,
        membership: Option<Membership>,
        place: OpenSocket,
    ) -> Self {
        let open = OpenConnection::new(&rooms.metrics);
        let outbox = Unsettled { outbox, is_settled: false };
        Self { rooms: rooms.clone(), outbox, membership, place, open }
    }

    /// Has the client live on this socket, on its room's thread if that is the best. `read` has been
    /// read off the socket already.
    pub(crate) fn settle<T: Transport>(self, socket: T, read: BytesMut) {
        let home = self.membership.as_ref().and_then(|membership| membership.home().cloned());
        let live = move |socket: T| {
            let mut client = self.here();
            client.feed(&read);
            drop(read);
            actix_web::rt::spawn(ClientSocket::new(client, socket));
        };
        match home {
            Some(home) => socket.move_to(&home, live),
            None => live(socket),
        }
    }

    /// Has the client live on this thread.
    pub(super) fn here(self) -> Client {
        let Self { rooms, outbox, membership, place, open } = self;
        let (settings, metrics) = (&rooms.settings, &rooms.metrics);
        let outbox = outbox.settle();
        outbox.pace(Pacer::here());
        let patience = Patience {
            heartbeat_interval: settings.heartbeat_interval,
            heartbeat_timeout: settings.heartbeat_timeout,
            close_time: settings.limits.close_time,
        };
        let rate = MessageRate::new(&settings.limits);
        let seat = membership.map(Seat::new);
        let connection = Connection::new(outbox, seat, rate, patience, metrics);
        if let Some(at) = connection.check(Instant::now(), Duration::ZERO) {
            Keeper::watch(&connection, at);
        }
        Client::new(&settings.limits, connection, place, open)
    }
}
