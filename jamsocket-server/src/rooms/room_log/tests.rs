use super::*;
use crate::{
    Limits, Playground, Server,
    clients::Outbox,
    rooms::{Code, Seat},
};
use jamsocket::{JamsocketContext, JamsocketService, JamsocketServiceFactory, ServiceError};
use std::{
    io,
    sync::{Arc, Mutex, Once},
    time::Duration,
};
use tokio::{
    runtime,
    task::{LocalSet, yield_now},
    time::{Instant, sleep},
};

/// Logs the words of its messages, and says when it has; fails at a message that ends with `!`.
struct Teller(ServiceActorContext);

struct Tellers;

impl JamsocketServiceFactory<ServiceActorContext> for Tellers {
    type Service = Teller;

    async fn create(&self, id: &str, context: ServiceActorContext) -> Result<Teller, BuildError> {
        context.log(LogLevel::Info, "hello");
        match id {
            "broken" => Err(BuildError::failed("told to break\u{1b}[2J")),
            _ => Ok(Teller(context)),
        }
    }
}

impl JamsocketService for Teller {
    async fn message(&mut self, client: ClientId, message: &str) -> Result<(), ServiceError> {
        message.split(' ').for_each(|word| self.0.log(LogLevel::Info, word));
        if message.ends_with('!') {
            return Err(ServiceError::Trapped("told to\r\nfail\u{1b}[2J".to_owned()));
        }
        self.0.send_message(client, "done");
        Ok(())
    }

    async fn connect(&mut self, _: ClientId) -> Result<(), ServiceError> {
        Ok(())
    }

    async fn disconnect(&mut self, _: ClientId) -> Result<(), ServiceError> {
        Ok(())
    }

    async fn binary(&mut self, _: ClientId, _: &[u8]) -> Result<(), ServiceError> {
        Ok(())
    }

    async fn timer(&mut self) -> Result<(), ServiceError> {
        Ok(())
    }
}

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is logged while `happens` has to do with rooms of [`Teller`], in virtual time.
fn log_of(limits: Limits, happens: impl AsyncFnOnce(&Arc<Rooms>)) -> Vec<String> {
    log_on(Server::new().with_limits(limits), happens)
}

/// Has what other threads log go somewhere. Where that is nowhere, a line of theirs that comes first turns the
/// same line off for all.
fn listen_everywhere() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let nowhere = tracing_subscriber::fmt().with_writer(io::sink).finish();
        tracing::subscriber::set_global_default(nowhere).unwrap();
    });
}

/// The same, with rooms as this server has them.
fn log_on(server: Server, happens: impl AsyncFnOnce(&Arc<Rooms>)) -> Vec<String> {
    listen_everywhere();
    let written = Written::default();
    let writer = written.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .without_time()
        .with_writer(move || writer.clone())
        .finish();
    let settings = server.service_settings();
    let runtime =
        runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    tracing::subscriber::with_default(subscriber, || {
        LocalSet::new().block_on(&runtime, async {
            let rooms = Rooms::new("game".to_owned(), settings, &Code::new(Tellers));
            happens(&rooms).await;
            rooms.stop().await;
        });
    });
    let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
    assert!(!text.contains(['\u{1b}', '\r', '\u{202e}']), "{text:?}");
    text.lines().map(str::to_owned).collect()
}

/// Sends messages to a room until it has handled them all, or has failed.
async fn say(rooms: &Arc<Rooms>, id: &str, messages: &[&str]) {
    let outbox = Arc::new(Outbox::new(&Limits::default(), &Arc::default()));
    let id = RoomId::generated(id.to_owned());
    let seat = Seat::new(rooms.join(&id, &outbox, None).await.unwrap());
    for message in messages {
        // A line that another test, with no log of its own, writes for the first time just when this
        // one's log is made would count as wanted by nobody.
        tracing::callsite::rebuild_interest_cache();
        seat.send_text((*message).into(), Instant::now());
        while outbox.drain().is_empty() {
            yield_now().await;
        }
    }
}

fn count(log: &[String], text: &str) -> usize {
    log.iter().filter(|line| line.contains(text)).count()
}

#[test]
fn each_line_has_the_services_name_and_the_rooms_id() {
    let log = log_of(Limits::default(), async |rooms| say(rooms, "1", &["word"]).await);
    for line in ["hello", "word", "room started", "room ended: it was stopped"] {
        assert_eq!(count(&log, line), 1, "{line}: {log:#?}");
    }
    assert_eq!(count(&log, "service=\"game\" room=\"1\""), log.len(), "{log:#?}");
}

#[test]
fn nothing_of_a_client_plays_tricks_in_the_log() {
    let log = log_of(Limits::default(), async |rooms| {
        say(rooms, "\u{202e}moor", &["\u{1b}[2Jgone\r\nERROR\u{202e}", "fail!"]).await;
    });
    assert_eq!(count(&log, r"\u{1b}[2Jgone\r\nERROR\u{202e}"), 1, "{log:#?}");
    assert_eq!(count(&log, r"message(1) failed: the service trapped: told to"), 1, "{log:#?}");
    assert_eq!(count(&log, r"fail\u{1b}[2J"), 1, "{log:#?}");
    assert_eq!(count(&log, r#"room="\u{202e}moor""#), log.len(), "{log:#?}");
}

#[test]
fn a_callback_may_log_so_many_bytes() {
    let limits = Limits { callback_log_bytes: 10, ..Limits::default() };
    let messages = ["aaaaa bbbbb", "ccccc dddddd", "eeeeeeeeeee", "ffffffffff"];
    let log = log_of(limits, async |rooms| say(rooms, "1", &messages).await);
    for (word, times) in [("aa", 1), ("bb", 1), ("cc", 1), ("dd", 0), ("ee", 0), ("ff", 1)] {
        assert_eq!(count(&log, word), times, "{word}: {log:#?}");
    }
}

#[test]
fn a_room_that_keeps_failing_fills_no_log() {
    let log = log_of(Limits::default(), async |rooms| {
        for _ in 0..4 {
            say(rooms, "1", &["before!"]).await;
        }
        say(rooms, "1", &["fifth!"]).await;
        for _ in 0..50 {
            say(rooms, "1", &["meanwhile!"]).await;
        }
        say(rooms, "2", &["elsewhere!"]).await;
        sleep(Duration::from_secs(9)).await;
        say(rooms, "1", &["meanwhile!"]).await;
        sleep(Duration::from_secs(1)).await;
        say(rooms, "1", &["later!"]).await;
    });
    for (text, times) in [
        ("before!", 4),
        ("fifth!", 1),
        ("it failed 5 times within 10s", 1),
        ("meanwhile!", 0),
        ("elsewhere!", 1),
        ("later!", 1),
        ("it failed 51 more times before, unreported", 1),
        ("room started", 7),
        ("room failed", 7),
    ] {
        assert_eq!(count(&log, text), times, "{text}: {log:#?}");
    }
}

#[test]
fn a_room_that_fails_to_start_says_why() {
    let log = log_of(Limits::default(), async |rooms| {
        let outbox = Arc::new(Outbox::new(&Limits::default(), &Arc::default()));
        let id = RoomId::generated("broken".to_owned());
        rooms.join(&id, &outbox, None).await.unwrap_err();
    });
    let why = r"the room could not be started: told to break\u{1b}[2J";
    assert_eq!(count(&log, why), 1, "{log:#?}");
}

#[test]
fn a_failure_takes_no_more_than_64_lines() {
    for (lines, written) in [(63, 63), (64, 64), (65, 64)] {
        let text = "line\n".repeat(lines);
        let log = log_of(Limits::default(), async |rooms| {
            RoomLog::new(rooms, &RoomId::generated("1".to_owned())).failure(&text);
        });
        assert_eq!(count(&log, "line"), written);
    }
}

#[test]
fn a_playground_shows_what_the_service_logs_and_why_it_fails_and_is_as_silent_as_the_log() {
    let playground = Playground::new();
    let server = Server::new().with_playground(playground.clone());
    let log = log_on(server, async |rooms| {
        say(rooms, "1", &["word", "fail!"]).await;
        for _ in 0..10 {
            say(rooms, "1", &["again!"]).await;
        }
    });
    let shown = playground.log().kept();
    for (text, times) in [("hello", 5), ("word", 1), ("again!", 4), ("room failed", 5)] {
        assert_eq!((count(&shown, text), count(&log, text)), (times, times), "{text}: {shown:#?}");
    }
    assert_eq!(count(&shown, "it failed 5 times within 10s"), 1, "{shown:#?}");
    assert_eq!(count(&shown, r"fail\u{1b}[2J"), 5, "{shown:#?}");
}
