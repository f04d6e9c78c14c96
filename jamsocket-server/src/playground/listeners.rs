use super::{
    Playground,
    events::{EventBody, Teller},
};
use crate::{open_sockets::OpenSockets, rooms::Rooms};
use std::{sync::Arc, time::Duration};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// How many pages of a server's playground may be open.
const MAX_LISTENERS: u32 = 32;

/// How long a server that stops waits for those that listen. One that reads nothing is not worth more.
const END_TIME: Duration = Duration::from_millis(200);

/// The pages that listen to what one server's playground tells.
#[derive(Debug)]
pub(crate) struct Listeners {
    teller: Arc<Teller>,
    places: OpenSockets,
    ending: CancellationToken,
}

impl Listeners {
    /// None yet, to the playground of a server with these services.
    pub(crate) fn new(playground: Playground, services: Vec<Arc<Rooms>>) -> Self {
        Self {
            teller: Arc::new(Teller::new(playground, services)),
            places: OpenSockets::at_most(MAX_LISTENERS),
            ending: CancellationToken::new(),
        }
    }

    /// Begins to tell another page, which is to be polled on this thread; `None` where as many listen
    /// as may, or the server is stopping.
    pub(super) fn listen(&self) -> Option<EventBody> {
        let place = self.places.open()?;
        Some(EventBody::new(self.teller.clone(), self.ending.clone(), place))
    }

    /// Has nobody listen any more.
    pub(crate) fn end(&self) {
        self.ending.cancel();
    }

    /// Returns when nobody listens any more, or those who do have had their time.
    pub(crate) async fn ended(&self) {
        let _ = timeout(END_TIME, self.places.closed()).await;
    }
}
