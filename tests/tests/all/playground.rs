use actix_web::{App, HttpServer, web};
use jamsocket_server::{
    BuildState, Limits, NamedService, Playground, RoomIdStrategy, Server, ServerHandle,
};
use jamsocket_tests::{
    Answer, Call, Calls, Client, Events, Jamsocket, Probe, RawClient, guest, http, soon, until,
};
use serde_json::{Value, json};
use std::{net::SocketAddr, path::Path, time::Duration};

/// How many pages may listen.
const MAX_LISTENERS: usize = 32;

fn start(server: Server) -> (ServerHandle, Calls) {
    let (probe, calls) = Probe::new();
    (server.with_port(0).start(probe).unwrap(), calls)
}

fn with_playground() -> (ServerHandle, Calls, Playground) {
    let playground = Playground::new();
    let (server, calls) = start(Server::new().with_playground(playground.clone()));
    (server, calls, playground)
}

#[track_caller]
fn assert_leads_there(answer: &Answer) {
    assert_eq!(answer.status, 307, "{answer:?}");
    assert!(answer.head.contains("\r\nlocation: _/\r\n"), "{answer:?}");
}

#[tokio::test]
async fn the_page_is_at_its_path_and_other_paths_lead_there() {
    let (server, _calls, _playground) = with_playground();
    let page = http(server.addr(), "GET /_/").await;
    assert_eq!(page.status, 200);
    assert!(page.head.contains("content-type: text/html; charset=utf-8\r\n"), "{}", page.head);
    assert!(page.body.starts_with("<!doctype html>") && page.body.ends_with("</html>\n"));
    for path in ["/", "/_"] {
        assert_leads_there(&http(server.addr(), &format!("GET {path}")).await);
        assert_leads_there(&http(server.addr(), &format!("HEAD {path}")).await);
    }
    assert_eq!(http(server.addr(), "GET /_/x").await.status, 404);
}

#[tokio::test]
async fn a_browser_runs_on_the_page_what_belongs_to_it_alone() {
    let (server, _calls, _playground) = with_playground();
    let mut nonces = Vec::new();
    for _ in 0..2 {
        let page = http(server.addr(), "GET /_/").await;
        for header in [
            "cache-control: no-store",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
        ] {
            assert!(page.head.contains(&format!("\r\n{header}\r\n")), "{}", page.head);
        }
        let policy = page.head.split("content-security-policy: ").nth(1).unwrap();
        let policy = policy.lines().next().unwrap();
        let nonce = policy.split("script-src 'nonce-").nth(1).unwrap().split('\'').next().unwrap();
        let expected = format!(
            "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; \
             connect-src 'self' ws: wss:; img-src data:; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'"
        );
        assert_eq!(policy, expected);
        assert!(nonce.len() >= 16 && page.body.contains(&format!("nonce=\"{nonce}\"")), "{nonce}");
        nonces.push(nonce.to_owned());
    }
    assert_ne!(nonces[0], nonces[1]);
}

#[tokio::test]
async fn static_files_keep_the_root() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("index.html"), "<p>hello</p>").unwrap();
    let files = Some(folder.path().to_str().unwrap().to_owned());
    let server = Server::new().with_static_path(files).with_playground(Playground::new());
    let (server, _calls) = start(server);
    assert_eq!(http(server.addr(), "GET /").await.body, "<p>hello</p>");
    assert_leads_there(&http(server.addr(), "GET /_").await);
    assert_eq!(http(server.addr(), "GET /_/").await.status, 200);
}

#[tokio::test]
async fn without_a_playground_there_is_nothing() {
    let (server, _calls) = start(Server::new());
    for path in ["/", "/_", "/_/", "/_/events"] {
        assert_eq!(http(server.addr(), &format!("GET {path}")).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn the_playground_answers_to_the_names_that_the_server_answers_to() {
    let (server, _calls, _playground) = with_playground();
    for path in ["/", "/_/", "/_/events"] {
        let mut client = RawClient::connect(server.addr()).await;
        let request = format!("GET {path} HTTP/1.1\r\nHost: evil.example\r\n\r\n");
        client.write(request.as_bytes()).await;
        assert_eq!(client.read_status().await, 421, "{path}");
    }
}

#[tokio::test]
async fn a_page_is_told_first_of_the_server_and_its_services() {
    let services = [
        ("made", RoomIdStrategy::Explicit),
        ("named", RoomIdStrategy::Uuid),
        ("short", RoomIdStrategy::Short(5)),
    ];
    let mut server = Server::new().with_playground(Playground::new());
    for (name, strategy) in services {
        let service = NamedService::new(name, Probe::new().0);
        server = server.with_service(service.with_room_id_strategy(strategy));
    }
    let (server, _calls) = start(server);
    let told = Events::listen(server.addr()).await.next("server").await;
    assert_eq!(told["version"], "0.3.0");
    assert_eq!(told["builds"], false);
    assert!(told["started_ms"].as_u64().unwrap() > 1_700_000_000_000, "{told}");
    let service = |name: &str, prefix: &str, strategy: &str, new_room: Option<&str>| {
        let rooms = format!("{prefix}/ws/");
        json!({
            "name": name, "rooms_path": rooms, "new_room_path": new_room, "strategy": strategy,
        })
    };
    let expected = [
        service("made", "/made", "api", None),
        service("named", "/named", "uuid", Some("/named/new_room")),
        service("short", "/short", "short5", Some("/short/new_room")),
        service("/", "", "implicit", None),
    ];
    assert_eq!(told["services"], Value::from(expected.to_vec()));
}

#[tokio::test]
async fn a_page_is_told_of_the_rooms_and_what_they_have_done() {
    let (server, _calls, _playground) = with_playground();
    let mut events = Events::listen(server.addr()).await;
    let none = events.next("rooms").await;
    assert_eq!((&none["total"], &none["rooms"]), (&json!(0), &json!([])));
    let mut ann = Client::join(server.addr(), "/ws/a%20room").await;
    let _bob = Client::join(server.addr(), "/ws/a%20room").await;
    for _ in 0..3 {
        ann.say("echo hi").await;
        ann.hear().await;
    }
    // Two connects and three messages.
    let told = events.find("rooms", |told| told["rooms"][0]["callbacks"] == 5).await;
    let room = &told["rooms"][0];
    assert_eq!(
        (&told["total"], &room["service"], &room["id"]),
        (&1.into(), &"/".into(), &"a room".into())
    );
    assert_eq!((&room["clients"], &room["messages"]), (&2.into(), &3.into()));
    assert_eq!(room["memory_bytes"], 0);
    assert!(room["busy_ns"].as_u64().unwrap() > 0, "{room}");
    assert!(told["at_ms"].as_u64() > none["at_ms"].as_u64(), "{told}");
    ann.leave().await;
    events.find("rooms", |told| told["rooms"][0]["clients"] == 1).await;
}

/// Has a room log a line and fail.
async fn fail(addr: SocketAddr) {
    let mut ann = Client::join(addr, "/ws/1").await;
    ann.say("panic").await;
    assert_eq!(ann.hear_close().await.0, 1011);
}

/// All lines that `events` tells until this one comes.
async fn lines_up_to(events: &mut Events, last: &str) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    while lines.last().is_none_or(|(_, line)| line != last) {
        let told = events.next("log").await;
        assert_eq!(told["missed"], 0);
        for line in told["lines"].as_array().unwrap() {
            assert_eq!((&line["service"], &line["room"]), (&"/".into(), &"1".into()), "{line}");
            let text = |key: &str| line[key].as_str().unwrap().to_owned();
            lines.push((text("level"), text("line")));
        }
    }
    lines
}

#[tokio::test]
async fn a_page_is_told_what_rooms_log_and_why_they_fail_even_one_that_is_opened_later() {
    let (server, _calls, _playground) = with_playground();
    let mut early = Events::listen(server.addr()).await;
    fail(server.addr()).await;
    let failure = "room failed: message(1) failed: the service panicked: told to panic";
    let expected = ["about to panic", failure].map(|line| ("error".to_owned(), line.to_owned()));
    assert_eq!(lines_up_to(&mut early, failure).await, expected);
    let mut late = Events::listen(server.addr()).await;
    assert_eq!(lines_up_to(&mut late, failure).await, expected);
}

#[tokio::test]
async fn a_page_is_told_what_becomes_of_the_code() {
    let (server, _calls, playground) = with_playground();
    let mut events = Events::listen(server.addr()).await;
    assert_eq!(events.next("server").await["builds"], false);
    events.next("rooms").await;
    playground.set_build(BuildState::Building);
    assert_eq!(events.next("build").await["state"], "building");
    let errors = "error[E0308]: mismatched types\n --> src/lib.rs:1:1".to_owned();
    playground.set_build(BuildState::Failed { errors: errors.clone() });
    let told = events.next("build").await;
    assert_eq!((&told["state"], &told["text"]), (&"failed".into(), &errors.clone().into()));
    // One that is opened now is told at once.
    let mut late = Events::listen(server.addr()).await;
    assert_eq!(late.next("server").await["builds"], true);
    assert_eq!(late.next("build").await["text"], errors);
    playground.set_build(BuildState::Running { took: Duration::from_millis(1_500) });
    for events in [&mut events, &mut late] {
        let told = events.next("build").await;
        assert_eq!((&told["state"], &told["took_ms"]), (&"running".into(), &1_500.into()));
    }
}

#[tokio::test]
async fn events_are_none_the_worse_for_whoever_asks_for_a_websocket_there() {
    let (server, _calls, _playground) = with_playground();
    let mut page = RawClient::connect(server.addr()).await;
    page.request("/_/events").await;
    let head = page.read_head().await;
    assert!(head.starts_with("HTTP/1.1 200 ") && !head.contains("transfer-encoding"), "{head}");
    assert!(page.read_bytes(6).await.starts_with(b"event:"));
}

#[tokio::test]
async fn as_many_pages_listen_as_may_and_no_more() {
    let (server, _calls, _playground) = with_playground();
    let mut listening = Vec::new();
    for _ in 0..MAX_LISTENERS {
        listening.push(Events::listen(server.addr()).await);
    }
    let refused = http(server.addr(), "GET /_/events").await;
    assert_eq!(refused.status, 503);
    assert_eq!(refused.body, "as many pages of the playground are open as may be\n");
    assert!(refused.head.contains("\r\nretry-after: 1\r\n"), "{}", refused.head);
    // Those that listen are told on, and so is one that comes when another has gone.
    listening[0].next("rooms").await;
    drop(listening.pop());
    listens_in_the_end(server.addr()).await;
}

/// Waits until there is a place to listen.
async fn listens_in_the_end(addr: SocketAddr) {
    until("a place to listen", async || {
        let mut client = RawClient::connect(addr).await;
        client.write(b"GET /_/events HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
        client.read_status().await == 200
    })
    .await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_page_that_is_no_longer_there_takes_no_place() {
    let limits = Limits { write_time: Duration::from_millis(500), ..Limits::default() };
    let server = Server::new().with_limits(limits).with_playground(Playground::new());
    let (server, _calls) = start(server);
    let mut listening = Vec::new();
    for _ in 0..MAX_LISTENERS {
        listening.push(Events::listen(server.addr()).await);
    }
    assert_eq!(http(server.addr(), "GET /_/events").await.status, 503);
    let dead = listening.pop().unwrap().into_client();
    dead.cut();
    listens_in_the_end(server.addr()).await;
}

#[tokio::test]
async fn a_server_that_stops_ends_what_pages_listen_to() {
    let (server, mut calls, _playground) = with_playground();
    let mut events = Events::listen(server.addr()).await;
    let _silent = Events::listen(server.addr()).await;
    let mut ann = Client::join(server.addr(), "/ws/1").await;
    ann.say("wait").await;
    while !matches!(calls.next().await, Call::Message(..)) {}
    events.next("rooms").await;
    server.stop();
    // It ends before the last room does.
    events.end().await;
    calls.release();
    assert_eq!(ann.hear_close().await.0, 1001);
    soon("the server's end", server.stopped()).await;
    server.join().unwrap();
}

#[actix_web::test]
async fn a_playground_can_be_mounted_and_leaves_the_root_to_the_app() {
    let server = Server::new().with_playground(Playground::new());
    let rooms = server.mount(Probe::new().0).unwrap();
    let factory = {
        let rooms = rooms.clone();
        move || {
            let rooms = rooms.clone();
            App::new().service(web::scope("/game").configure(move |app| rooms.configure(app)))
        }
    };
    let server = HttpServer::new(factory).workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
    let addr = server.addrs()[0];
    let running = server.run();
    let handle = running.handle();
    actix_web::rt::spawn(running);
    assert_eq!(http(addr, "GET /game/_/").await.status, 200);
    assert_leads_there(&http(addr, "GET /game/_").await);
    assert_eq!(http(addr, "GET /game/").await.status, 404);
    let mut events = Events::listen_at(addr, "/game/_/events").await;
    // From the folder that `_` is in.
    assert_eq!(events.next("server").await["services"][0]["rooms_path"], "/ws/");
    tokio::join!(rooms.stop(), events.end());
    handle.stop(true).await;
}

#[tokio::test]
async fn serve_has_a_playground_where_it_is_asked_for_one() {
    let module = guest("echo");
    let serve = |flag: &str| {
        let arguments = format!("serve {} --port 0 {flag}", module.display());
        Jamsocket::new(Path::new("/"), &arguments).serve()
    };
    let serving = serve("--playground");
    let line = serving.line_with("playground on");
    assert!(line.ends_with(&format!(" playground on http://{}/_/", serving.addr)), "{line}");
    assert_leads_there(&http(serving.addr, "GET /").await);
    let mut ann = Client::join(serving.addr, "/ws/1").await;
    ann.say("hello").await;
    assert_eq!(ann.hear().await, "hello");
    let mut events = Events::listen(serving.addr).await;
    let told = events.find("rooms", |told| told["rooms"][0]["messages"] == 1).await;
    // A module of Rust's starts with more than a page.
    assert!(told["rooms"][0]["memory_bytes"].as_u64().unwrap() > 65_536, "{told}");
    serving.signal("TERM");
    events.end().await;
    assert_eq!(serving.code().await, 0);
    assert_eq!(http(serve("").addr, "GET /_/").await.status, 404);
}
