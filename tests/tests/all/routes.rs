use jamsocket_server::{RoomIdStrategy, Server, ServerHandle};
use jamsocket_tests::{Call, Calls, Client, Probe, RawClient, http};

fn start(strategy: RoomIdStrategy) -> (ServerHandle, Calls) {
    let (probe, calls) = Probe::new();
    let server = Server::new().with_port(0).with_room_id_strategy(strategy);
    (server.start(probe).unwrap(), calls)
}

#[tokio::test]
async fn the_status_is_ok() {
    let (server, _calls) = start(RoomIdStrategy::Implicit);
    let answer = http(server.addr(), "GET /status").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "ok"));
}

#[tokio::test]
async fn a_room_that_was_not_created_is_a_404() {
    let (server, _calls) = start(RoomIdStrategy::Explicit);
    let refused = Client::try_join(server.addr(), "/ws/1").await.unwrap_err();
    assert_eq!((refused.status, refused.text.as_str()), (404, "there is no such room\n"));
    let created = http(server.addr(), "POST /ws/1").await;
    assert_eq!((created.status, created.body.as_str()), (200, "1"));
    let again = http(server.addr(), "POST /ws/1").await;
    assert_eq!((again.status, again.body.as_str()), (409, "there is such a room already\n"));
    Client::join(server.addr(), "/ws/1").await.leave().await;
}

#[tokio::test]
async fn new_rooms_are_named_by_the_server() {
    for (strategy, length) in [(RoomIdStrategy::Uuid, 36), (RoomIdStrategy::Short(5), 5)] {
        let (server, _calls) = start(strategy);
        let room = http(server.addr(), "POST /new_room").await;
        assert_eq!((room.status, room.body.len()), (200, length), "{room:?}");
        Client::join(server.addr(), &format!("/ws/{}", room.body)).await.leave().await;
        let unknown = Client::try_join(server.addr(), "/ws/another").await.unwrap_err();
        assert_eq!(unknown.status, 404);
    }
}

#[tokio::test]
async fn rooms_are_not_made_in_a_way_that_is_not_theirs() {
    let (implicit, _calls) = start(RoomIdStrategy::Implicit);
    let (uuid, _more_calls) = start(RoomIdStrategy::Uuid);
    for (server, request, name) in
        [(&implicit, "POST /new_room", "implicit"), (&uuid, "POST /ws/1", "uuid")]
    {
        let refused = http(server.addr(), request).await;
        assert_eq!(refused.status, 400);
        assert!(refused.body.contains(&format!("their strategy is `{name}`")), "{refused:?}");
    }
}

#[tokio::test]
async fn a_room_that_cannot_be_created_is_not_created() {
    let (server, _calls) = start(RoomIdStrategy::Explicit);
    assert_eq!(http(server.addr(), "POST /ws/broken").await.status, 500);
    assert_eq!(http(server.addr(), "POST /ws/full").await.status, 503);
    for path in ["/ws/broken", "/ws/full"] {
        let refused = Client::try_join(server.addr(), path).await.unwrap_err();
        assert_eq!(refused.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_room_id_is_decoded_once_and_strictly() {
    let (server, mut calls) = start(RoomIdStrategy::Implicit);
    let longest = "x".repeat(255);
    for (path, id) in [
        ("/ws/a%20b%2Fc", "a b/c"),
        ("/ws/%2541", "%41"),
        ("/ws/..", ".."),
        ("/ws/%F0%9F%8E%B2?query=1", "🎲"),
        (&format!("/ws/{longest}"), &longest),
    ] {
        let mut client = RawClient::join(server.addr(), path).await;
        calls.expect([Call::New(id.into()), Call::Connect(id.into(), 1)]).await;
        client.send(0x88, b"").await;
        client.read().await;
        calls.expect([Call::Disconnect(id.into(), 1)]).await;
    }
}

#[tokio::test]
async fn what_is_no_room_id_is_a_400_on_every_route() {
    let (server, _calls) = start(RoomIdStrategy::Explicit);
    let too_long = "x".repeat(256);
    for id in ["", "%FF", "%00", "a%0Ab", "%1B", "%7F", "%zz", "%2", &too_long] {
        for method in ["GET", "POST"] {
            let answer = http(server.addr(), &format!("{method} /ws/{id}")).await;
            assert_eq!(answer.status, 400, "{method} {id:?}: {answer:?}");
            assert!(answer.body.contains("room id"), "{answer:?}");
        }
    }
    assert_eq!(http(server.addr(), "GET /ws/a/b").await.status, 404);
}

#[tokio::test]
async fn what_is_no_handshake_is_refused_before_a_room_is_made() {
    let (server, mut calls) = start(RoomIdStrategy::Implicit);
    assert_eq!(http(server.addr(), "GET /ws/1").await.status, 400);
    let upgrade = "Host: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n";
    let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    for (headers, status) in [
        (format!("{upgrade}{key}Sec-WebSocket-Version: 8\r\n"), 426),
        (format!("{upgrade}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAA\r\n"), 400),
        (format!("{upgrade}Sec-WebSocket-Version: 13\r\n"), 400),
        (format!("{upgrade}{key}{key}Sec-WebSocket-Version: 13\r\n"), 400),
        (format!("{upgrade}{key}Sec-WebSocket-Version: 13\r\nContent-Length: 5\r\n"), 400),
        (format!("{upgrade}{key}Sec-WebSocket-Version: 13\r\nTransfer-Encoding: chunked\r\n"), 400),
        (
            format!(
                "{}{key}Sec-WebSocket-Version: 13\r\n",
                upgrade.replace("websocket", "notwebsocketx")
            ),
            400,
        ),
        (
            format!(
                "{}{key}Sec-WebSocket-Version: 13\r\n",
                upgrade.replace("websocket", "h2c, websocket")
            ),
            400,
        ),
    ] {
        let mut client = RawClient::connect(server.addr()).await;
        client.write(format!("GET /ws/1 HTTP/1.1\r\n{headers}\r\n").as_bytes()).await;
        assert_eq!(client.read_status().await, status, "{headers}");
    }
    // The first call that the service sees is of a client that keeps the protocol.
    Client::join(server.addr(), "/ws/2").await.leave().await;
    calls.expect([Call::New("2".into())]).await;
}

#[tokio::test]
async fn whoever_asks_for_a_websocket_where_there_is_none_is_answered_and_the_connection_ends() {
    let folder = tempfile::tempdir().unwrap();
    let (probe, _calls) = Probe::new();
    let large = "x".repeat(1 << 20);
    std::fs::write(folder.path().join("large.txt"), &large).unwrap();
    let files = folder.path().to_str().unwrap().to_owned();
    let server = Server::new().with_static_path(Some(files)).with_port(0).start(probe).unwrap();
    let nothing = "there is nothing here: a room is a WebSocket at /ws/NAME\n";
    for (path, status, body) in
        [("/status", 200, "ok"), ("/large.txt", 200, &*large), ("/ws/1/2", 404, nothing)]
    {
        let mut client = RawClient::connect(server.addr()).await;
        client.request(path).await;
        let answer = client.read_answer().await;
        assert_eq!((answer.status, &*answer.body), (status, body));
        assert!(answer.head.contains("connection: close"), "{}", answer.head);
        assert_eq!(client.read_to_end().await, 0, "{path}");
    }
    let mut client = RawClient::connect(server.addr()).await;
    let head = RawClient::handshake("/status").replace("GET", "HEAD");
    client.write(head.as_bytes()).await;
    assert_eq!(client.read_status().await, 200);
    assert_eq!(client.read_to_end().await, 0, "the answer to a HEAD has no body");
}

#[tokio::test]
async fn what_another_server_could_read_otherwise_is_refused() {
    let (server, mut calls) = start(RoomIdStrategy::Implicit);
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    for request in [
        // The preface of HTTP/2 (RFC 9113, section 3.4).
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
        "GET /ws/1 HTTP/1.1\r\n\r\n".to_owned(),
        format!("GET /ws/1 HTTP/1.1\r\n{upgrade}\r\n"),
        format!("GET /ws/1 HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n{upgrade}\r\n"),
        format!(
            "GET /ws/1 HTTP/1.1\r\nHost: localhost\r\n{upgrade}Content-Length: 5\r\n\
             Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        ),
        "POST /ws/1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\
         Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            .to_owned(),
        format!("GET /ws/1 HTTP/1.1\r\nHost: localhost\r\n{upgrade}Content-Length: 5\r\n\r\nhello"),
        format!(
            "GET /ws/1 HTTP/1.1\r\nHost: localhost\r\n{upgrade}Content-Length: 0\r\n\
             Content-Length: 0\r\n\r\n"
        ),
    ] {
        let mut client = RawClient::connect(server.addr()).await;
        client.write(request.as_bytes()).await;
        assert_eq!(client.read_status().await, 400, "{request}");
    }
    Client::join(server.addr(), "/ws/2").await.leave().await;
    calls.expect([Call::New("2".into())]).await;
}

#[tokio::test]
async fn static_files_are_served_beside_the_rooms() {
    let folder = tempfile::tempdir().unwrap();
    let client = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("index.html"), "<p>hello</p>").unwrap();
    std::fs::write(folder.path().join(".secret"), "no").unwrap();
    std::fs::write(client.path().join("app.js"), "let x;").unwrap();
    std::os::unix::fs::symlink(client.path().join("app.js"), folder.path().join("link")).unwrap();
    let path_of = |dir: &tempfile::TempDir| Some(dir.path().to_str().unwrap().to_owned());
    let (probe, _calls) = Probe::new();
    let server = Server::new()
        .with_port(0)
        .with_static_path(path_of(&folder))
        .with_client_path(path_of(&client))
        .start(probe)
        .unwrap();
    for (path, status, body) in [
        ("/", 200, "<p>hello</p>"),
        ("/index.html", 200, "<p>hello</p>"),
        ("/client/app.js", 200, "let x;"),
        ("/status", 200, "ok"),
    ] {
        let answer = http(server.addr(), &format!("GET {path}")).await;
        assert_eq!((answer.status, answer.body.as_str()), (status, body), "{path}");
    }
    for path in [
        "/link",
        "/nothing",
        "/client/nothing",
        "/.secret",
        "/../Cargo.toml",
        "/%2e%2e/x",
        "/..%2fx",
    ] {
        let answer = http(server.addr(), &format!("GET {path}")).await;
        assert!([400, 404].contains(&answer.status), "{path}: {answer:?}");
    }
    Client::join(server.addr(), "/ws/1").await.leave().await;
}
