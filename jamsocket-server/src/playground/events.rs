use super::{Playground, build_state::unix_ms, event::event, room_report::RoomReport};
use crate::{RoomIdStrategy, open_sockets::OpenSocket, rooms::Rooms};
use actix_web::{
    body::{BodySize, MessageBody},
    rt,
    web::Bytes,
};
use serde::Serialize;
use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, SystemTime},
};
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval, sleep_until},
};
use tokio_util::sync::CancellationToken;

/// How often a page is told about the rooms. It also tells whether the page is there.
const ROOMS_INTERVAL: Duration = Duration::from_secs(1);

/// For how long log lines are gathered before a page is told more of them.
const LOG_INTERVAL: Duration = Duration::from_millis(50);

/// What tells pages about one server.
#[derive(Debug)]
pub(super) struct Teller {
    playground: Playground,
    services: Vec<Arc<Rooms>>,
    started: (SystemTime, Instant),
}

/// The page has gone.
struct Gone;

impl Teller {
    pub(super) fn new(playground: Playground, services: Vec<Arc<Rooms>>) -> Self {
        Self { playground, services, started: (SystemTime::now(), Instant::now()) }
    }

    /// Tells one page all that happens, until it has gone. It is not told faster than it reads.
    async fn tell(&self, page: mpsc::Sender<Bytes>) -> Result<(), Gone> {
        let send = async |event| page.send(event).await.map_err(|_| Gone);
        let mut build = self.playground.build();
        let log = self.playground.log();
        let (mut next_line, mut next_log) = (log.begin(), Instant::now());
        let mut ticks = interval(ROOMS_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        send(self.introduction()).await?;
        loop {
            let new_lines = async {
                sleep_until(next_log).await;
                log.read(&mut next_line).await
            };
            tokio::select! {
                Ok(()) = build.changed() => {
                    let state = build.borrow_and_update().clone();
                    if let Some(state) = state {
                        send(state).await?;
                    }
                }
                lines = new_lines => {
                    next_log = Instant::now() + LOG_INTERVAL;
                    send(event("log", &lines)).await?;
                }
                now = ticks.tick() => {
                    let age = now.saturating_duration_since(self.started.1);
                    send(event("rooms", &RoomReport::of(&self.services, age))).await?;
                }
                () = page.closed() => return Err(Gone),
            }
        }
    }

    fn introduction(&self) -> Bytes {
        let server = ServerReport {
            version: env!("CARGO_PKG_VERSION"),
            started_ms: unix_ms(self.started.0),
            builds: self.playground.build().borrow().is_some(),
            services: self.services.iter().map(|rooms| ServiceReport::of(rooms)).collect(),
        };
        event("server", &server)
    }
}

/// A server as a page is told of it.
#[derive(Debug, Serialize)]
struct ServerReport<'a> {
    version: &'static str,
    /// When it was started, in milliseconds after the Unix epoch. It tells one server from the next.
    started_ms: u64,
    /// Whether somebody builds the code that its rooms run.
    builds: bool,
    services: Vec<ServiceReport<'a>>,
}

/// A service and its routes, as they are from the folder that `_` is in.
#[derive(Debug, Serialize)]
struct ServiceReport<'a> {
    /// What the lists of rooms and lines call it.
    name: &'a str,
    /// A room's WebSocket is at this path and its id.
    rooms_path: String,
    /// Where a room is made up, if it is.
    new_room_path: Option<String>,
    strategy: String,
}

impl<'a> ServiceReport<'a> {
    fn of(rooms: &'a Rooms) -> Self {
        let strategy = rooms.settings.room_id_strategy;
        let prefix = rooms.path_prefix();
        let makes_up = matches!(strategy, RoomIdStrategy::Uuid | RoomIdStrategy::Short(_));
        Self {
            name: rooms.label(),
            rooms_path: format!("{prefix}/ws/"),
            new_room_path: makes_up.then(|| format!("{prefix}/new_room")),
            strategy: strategy.to_string(),
        }
    }
}

/// The body of a response that tells a page, until it has gone or the server stops.
pub(super) struct EventBody {
    events: mpsc::Receiver<Bytes>,
    _place: OpenSocket,
}

impl EventBody {
    pub(super) fn new(teller: Arc<Teller>, ending: CancellationToken, place: OpenSocket) -> Self {
        // One that waits, and no more: what is not sent yet can still be gathered.
        let (page, events) = mpsc::channel(1);
        rt::spawn(async move {
            let _ended = ending.run_until_cancelled(teller.tell(page)).await;
        });
        Self { events, _place: place }
    }
}

impl MessageBody for EventBody {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        self.get_mut().events.poll_recv(cx).map(|event| event.map(Ok))
    }
}
