use jamsocket_server::{
    AdminAddress, AllowedHosts, RoomIdStrategy, Server, ServerHandle, StartError,
};
use jamsocket_tests::{Call, Calls, Client, Metrics, Probe, RawClient, http, soon};
use std::{io, net::SocketAddr};

fn start(server: Server) -> (ServerHandle, SocketAddr, Calls) {
    let (probe, calls) = Probe::new();
    let server = server.with_port(0).with_admin(0).start(probe).unwrap();
    let admin = server.admin_addrs()[0];
    (server, admin, calls)
}

/// A request for this name.
async fn status_for(addr: SocketAddr, path: &str, host: &str) -> u16 {
    let mut client = RawClient::connect(addr).await;
    client.write(format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes()).await;
    client.read_status().await
}

#[tokio::test]
async fn metrics_and_rooms_are_on_the_admin_address_alone() {
    let (server, admin, _calls) = start(Server::new());
    assert!(admin.ip().is_loopback() && admin.port() != 0 && admin != server.addr());
    for path in ["/metrics", "/rooms"] {
        assert_eq!(http(admin, &format!("GET {path}")).await.status, 200, "{path}");
        assert_eq!(http(server.addr(), &format!("GET {path}")).await.status, 404, "{path}");
    }
    for path in ["/", "/status", "/ws/1", "/metrics/", "/new_room"] {
        let answer = http(admin, &format!("GET {path}")).await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.body, "there is nothing here: this address has /metrics and /rooms\n");
    }
}

#[tokio::test]
async fn without_being_asked_for_there_is_no_admin_address() {
    let server = Server::new().with_port(0).start(Probe::new().0).unwrap();
    assert_eq!(server.admin_addrs(), []);
}

#[tokio::test]
async fn the_answers_say_what_they_are() {
    let (_server, admin, _calls) = start(Server::new());
    let metrics = http(admin, "GET /metrics").await;
    let openmetrics = "content-type: application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert!(metrics.head.contains(openmetrics), "{}", metrics.head);
    let rooms = http(admin, "GET /rooms").await;
    assert!(rooms.head.contains("content-type: application/json"), "{}", rooms.head);
    assert_eq!(rooms.body, r#"{"total":0,"rooms":[]}"#);
}

#[tokio::test]
async fn the_admin_address_answers_to_this_machines_names_alone() {
    let (_server, admin, _calls) = start(Server::new());
    for path in ["/metrics", "/rooms", "/nothing"] {
        assert_eq!(status_for(admin, path, "evil.example").await, 421, "{path}");
    }
    assert_eq!(status_for(admin, "/metrics", &admin.to_string()).await, 200);
    let refused = r#"jamsocket_refusals_total{reason="host"}"#;
    assert_eq!(Metrics::read(admin).await.value(refused), 3.0);
}

#[tokio::test]
async fn a_list_of_public_names_does_not_shut_the_operator_out() {
    let hosts = AllowedHosts::Only(vec!["rooms.example".into()]);
    let (server, admin, _calls) = start(Server::new().with_allowed_hosts(hosts));
    assert_eq!(status_for(server.addr(), "/status", "127.0.0.1").await, 421);
    assert_eq!(status_for(admin, "/metrics", &admin.to_string()).await, 200);
    assert_eq!(status_for(admin, "/metrics", "evil.example").await, 421);
}

#[test]
fn an_admin_address_that_cannot_be_listened_on_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let start = |server: Server| server.start(Probe::new().0).unwrap_err();
    let error = start(Server::new().with_port(0).with_admin(port));
    assert_eq!(error.to_string(), format!("cannot listen on 127.0.0.1:{port}, the admin address"));
    let StartError::BindAdmin { source, .. } = error else { panic!("{error}") };
    assert_eq!(source.kind(), io::ErrorKind::AddrInUse);
    let unknown = AdminAddress::from(("no.such.host.invalid", 0));
    let error = start(Server::new().with_port(0).with_admin(unknown));
    assert!(matches!(error, StartError::BindAdmin { .. }), "{error}");
}

#[tokio::test]
async fn it_is_the_admin_address_that_cannot_have_the_servers_port() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let server = Server::new().with_port(port.into()).with_admin(port);
    let error = server.start(Probe::new().0).unwrap_err();
    assert!(matches!(error, StartError::BindAdmin { .. }), "{error}");
    // Nothing of the server is left behind.
    Server::new().with_port(port.into()).start(Probe::new().0).unwrap();
}

#[tokio::test]
async fn the_admin_address_answers_while_a_room_blocks_its_thread() {
    let (server, admin, mut calls) = start(Server::new().with_workers(1));
    let mut ann = Client::join(server.addr(), "/ws/1").await;
    let (held, hold) = std::sync::mpsc::channel();
    calls.block_on(hold);
    ann.say("block").await;
    while !matches!(calls.next().await, Call::Message(..)) {}
    let metrics = Metrics::read(admin).await;
    assert_eq!(metrics.value("jamsocket_rooms"), 1.0);
    assert_eq!(metrics.value(r#"jamsocket_callback_seconds_count{callback="message"}"#), 0.0);
    drop(held);
}

#[tokio::test]
async fn the_admin_address_answers_until_the_server_has_stopped() {
    let server = Server::new().with_room_id_strategy(RoomIdStrategy::Explicit);
    let (server, admin, mut calls) = start(server);
    for room in ["1", "2"] {
        assert_eq!(create(RawClient::connect(server.addr()).await, room).await, 200);
    }
    let mut ann = Client::join(server.addr(), "/ws/1").await;
    ann.say("wait").await;
    while !matches!(calls.next().await, Call::Message(..)) {}
    let stopping = r#"jamsocket_refusals_total{reason="stopping"}"#;
    assert_eq!(Metrics::read(admin).await.value(stopping), 0.0);
    // A connection that is there before the stop.
    let late = RawClient::connect(server.addr()).await;
    server.stop();
    // The room that waits is the last.
    Metrics::until(admin, "jamsocket_rooms", 1.0).await;
    assert_eq!(create(late, "3").await, 503);
    assert_eq!(Metrics::read(admin).await.value(stopping), 1.0);
    calls.release();
    assert_eq!(ann.hear_close().await.0, 1001);
    soon("the server's end", server.stopped()).await;
    let refused = tokio::net::TcpStream::connect(admin).await.unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
}

/// Asks for a room on a connection of its own.
async fn create(mut client: RawClient, room: &str) -> u16 {
    let head = "HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n";
    client.write(format!("POST /ws/{room} {head}").as_bytes()).await;
    client.read_answer().await.status
}

async fn listed(admin: SocketAddr, query: &str) -> String {
    let answer = http(admin, &format!("GET /rooms{query}")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body
}

/// The ids of the rooms that are listed, in their order.
fn ids(list: &str) -> Vec<&str> {
    list.split(r#""id":""#).skip(1).map(|room| room.split('"').next().unwrap()).collect()
}

#[tokio::test]
async fn rooms_are_listed_by_id_with_their_number() {
    let (chat, _chat_calls) = Probe::new();
    let (server, admin, _calls) = start(Server::new().service("chat", chat));
    let mut clients = Vec::new();
    for path in ["/ws/b", "/ws/a", "/chat/ws/c", "/chat/ws/a"] {
        clients.push(Client::join(server.addr(), path).await);
    }
    let all = listed(admin, "").await;
    assert!(all.starts_with(r#"{"total":4,"#), "{all}");
    assert_eq!(ids(&all), ["a", "a", "b", "c"]);
    assert!(all.find(r#""service":"/""#) < all.find(r#""service":"chat""#), "{all}");
    let some = listed(admin, "?limit=3").await;
    assert!(some.starts_with(r#"{"total":4,"#), "{some}");
    assert_eq!(ids(&some), ["a", "a", "b"]);
    assert_eq!(listed(admin, "?limit=0").await, r#"{"total":4,"rooms":[]}"#);
    let chats = listed(admin, "?service=chat&limit=1").await;
    assert!(chats.starts_with(r#"{"total":2,"#), "{chats}");
    assert_eq!(ids(&chats), ["a"]);
    assert_eq!(ids(&listed(admin, "?service=/").await), ["a", "b"]);
}

#[tokio::test]
async fn a_thousand_rooms_are_listed_where_nobody_says_how_many() {
    let server = Server::new().with_room_id_strategy(RoomIdStrategy::Explicit);
    let (server, admin, _calls) = start(server);
    for room in 0..1_001 {
        assert_eq!(http(server.addr(), &format!("POST /ws/{room}")).await.status, 200);
    }
    let list = listed(admin, "").await;
    assert!(list.starts_with(r#"{"total":1001,"#));
    assert_eq!(ids(&list).len(), 1_000);
    assert_eq!(ids(&listed(admin, "?limit=1001").await).len(), 1_001);
}

#[tokio::test]
async fn what_cannot_be_listed_is_refused_with_what_would_be_right() {
    let (_server, admin, _calls) = start(Server::new());
    for query in ["?limit=x", "?limit=-1", "?service=/&lmit=1"] {
        let answer = http(admin, &format!("GET /rooms{query}")).await;
        assert_eq!(answer.status, 400, "{answer:?}");
        assert!(answer.body.contains("/rooms?service=NAME&limit=NUMBER"), "{answer:?}");
    }
    let answer = http(admin, "GET /rooms?service=chat").await;
    assert_eq!((answer.status, answer.body.as_str()), (404, "there is no such service\n"));
}

#[tokio::test]
async fn a_room_is_listed_with_its_clients_its_age_and_when_it_was_last_active() {
    let (server, admin, _calls) = start(Server::new());
    let seconds = |list: &str, key: &str| -> f64 {
        let rest = list.split(&format!(r#""{key}":"#)).nth(1).unwrap();
        rest.split([',', '}']).next().unwrap().parse().unwrap()
    };
    let mut ann = Client::join(server.addr(), "/ws/%22quoted%22").await;
    let (first, list) = soon("the room to be idle", async {
        loop {
            let list = listed(admin, "").await;
            if seconds(&list, "idle_seconds") > 0.2 {
                return (seconds(&list, "age_seconds"), list);
            }
        }
    })
    .await;
    assert!(
        list.contains(r#""id":"\"quoted\"","service":"/","clients":1,"memory_bytes":0"#),
        "{list}"
    );
    ann.say("echo hi").await;
    ann.hear().await;
    soon("the room to be active again", async {
        while seconds(&listed(admin, "").await, "idle_seconds") > 0.2 {}
    })
    .await;
    // As old as before, at least, by a clock of milliseconds.
    assert!(seconds(&listed(admin, "").await, "age_seconds") >= first);
    ann.leave().await;
    soon("the room to be empty", async {
        while !listed(admin, "").await.contains(r#""clients":0"#) {}
    })
    .await;
}
