use jamsocket_server::{AllowedHosts, AllowedOrigins, RoomIdStrategy, Server, ServerHandle};
use jamsocket_tests::{Call, Client, Probe, RawClient};

/// The status of a request with these headers.
async fn status(server: &ServerHandle, request: &str, headers: &str) -> u16 {
    let mut client = RawClient::connect(server.addr()).await;
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    client.write(format!("{request} HTTP/1.1\r\n{headers}{upgrade}\r\n").as_bytes()).await;
    client.read_status().await
}

#[tokio::test]
async fn a_foreign_page_opens_no_room_and_its_service_hears_nothing() {
    let (probe, mut calls) = Probe::new();
    let server = Server::new().with_port(0).start(probe).unwrap();
    for origin in ["https://evil.example", "null", "http://localhost.evil.example"] {
        let headers = format!("Host: localhost\r\nOrigin: {origin}\r\n");
        assert_eq!(status(&server, "GET /ws/1", &headers).await, 403, "{origin}");
    }
    let two = "Host: localhost\r\nOrigin: http://localhost\r\nOrigin: http://localhost\r\n";
    assert_eq!(status(&server, "GET /ws/1", two).await, 403);
    let own = "Host: localhost:1234\r\nOrigin: http://localhost:1234\r\n";
    assert_eq!(status(&server, "GET /ws/mine", own).await, 101);
    calls.expect([Call::New("mine".into())]).await;
}

#[tokio::test]
async fn a_foreign_page_makes_no_room_either() {
    for (strategy, request) in
        [(RoomIdStrategy::Explicit, "POST /ws/1"), (RoomIdStrategy::Uuid, "POST /new_room")]
    {
        let (probe, _calls) = Probe::new();
        let server =
            Server::new().with_port(0).with_room_id_strategy(strategy).start(probe).unwrap();
        let foreign = "Host: localhost\r\nOrigin: https://evil.example\r\n";
        assert_eq!(status(&server, request, foreign).await, 403);
        assert_eq!(status(&server, request, "Host: localhost\r\n").await, 200);
    }
}

#[tokio::test]
async fn a_server_for_this_machine_answers_to_no_other_name() {
    let (probe, _calls) = Probe::new();
    let server = Server::new().with_port(0).start(probe).unwrap();
    for (host, expected) in [
        ("evil.example", 421),
        ("localhost.evil.example:8080", 421),
        ("localhost", 200),
        ("127.0.0.1:80", 200),
        ("[::1]", 200),
    ] {
        let headers = format!("Host: {host}\r\n");
        assert_eq!(status(&server, "GET /status", &headers).await, expected, "{host}");
    }
    assert_eq!(status(&server, "GET http://evil.example/status", "Host: localhost\r\n").await, 421);
    assert_eq!(status(&server, "GET /status", "").await, 400);
}

#[tokio::test]
async fn lists_say_who_is_let_in() {
    let (probe, _calls) = Probe::new();
    let server = Server::new()
        .with_port(0)
        .with_allowed_hosts(AllowedHosts::Only(vec!["rooms.example".into()]))
        .with_allowed_origins(AllowedOrigins::Only(vec!["https://game.example".into()]))
        .start(probe)
        .unwrap();
    for (host, origin, expected) in [
        ("rooms.example", "https://game.example", 101),
        ("rooms.example", "https://rooms.example", 403),
        ("localhost", "https://game.example", 421),
    ] {
        let headers = format!("Host: {host}\r\nOrigin: {origin}\r\n");
        assert_eq!(status(&server, "GET /ws/1", &headers).await, expected, "{host} {origin}");
    }
}

#[tokio::test]
async fn a_program_that_is_no_browser_names_no_origin_and_is_let_in() {
    let (probe, _calls) = Probe::new();
    let server = Server::new().with_port(0).start(probe).unwrap();
    Client::join(server.addr(), "/ws/1").await.leave().await;
}
