use super::{Event, Inbox, room_task::RoomTask};
use actix_rt::{Arbiter, ArbiterHandle};
use jamsocket::ClientId;
use std::sync::Arc;
use tokio::time::Instant;

/// Up to how many clients of a room live on its thread, where what they send costs the least. Those
/// who come later stay where they are accepted: what a large room sends is written by several threads.
const CLIENTS_AT_HOME: usize = 64;

/// A client's place in a room. Dropping it is leaving, wherever and for whatever reason that
/// happens, so that no client stays behind as a ghost.
#[derive(Debug)]
pub(crate) struct Membership {
    room: Arc<Inbox>,
    client: ClientId,
    /// The thread that the room lives on. There is none in tests.
    home: Option<ArbiterHandle>,
}

impl Membership {
    /// A client's place in a room of this thread.
    pub(super) fn new(room: Arc<Inbox>, client: ClientId) -> Self {
        Self { room, client, home: Arbiter::try_current() }
    }

    /// The thread of the room, where the client lives best: that is another one than this, and has not
    /// too many of the room's clients already.
    pub(crate) fn home(&self) -> Option<&ArbiterHandle> {
        let is_here = RoomTask::here(&self.room).is_some();
        let clients = self.room.status.read(Instant::now()).clients;
        self.home.as_ref().filter(|_| !is_here && clients <= CLIENTS_AT_HOME)
    }

    pub(super) fn inbox(&self) -> &Arc<Inbox> {
        &self.room
    }

    pub(super) fn client(&self) -> ClientId {
        self.client
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.room.push(Event::Leave(self.client));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, rooms::status::RoomWork};
    use std::future::pending;

    fn room_of(clients: usize) -> Arc<Inbox> {
        let inbox = Arc::new(Inbox::new(&Limits::default()));
        inbox.status.publish(clients, 0, RoomWork::default(), Instant::now());
        inbox
    }

    #[actix_web::test]
    async fn a_rooms_first_clients_live_on_its_thread_and_others_where_they_are() {
        let join = |clients| Membership::new(room_of(clients), ClientId::from(1));
        assert!(join(CLIENTS_AT_HOME).home().is_some());
        assert!(join(CLIENTS_AT_HOME + 1).home().is_none());
    }

    #[actix_web::test]
    async fn a_client_that_is_on_its_rooms_thread_stays_there() {
        let inbox = room_of(1);
        let member = Membership::new(inbox.clone(), ClientId::from(1));
        assert!(member.home().is_some());
        RoomTask::spawn(&inbox, |_| pending());
        assert!(member.home().is_none());
    }
}
