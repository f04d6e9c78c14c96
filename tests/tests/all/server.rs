use actix_web::{
    App, HttpServer,
    dev::ServerHandle,
    web::{self, ServiceConfig},
};
use jamsocket_server::{
    Mount, NamedService, RoomIdStrategy, Server, ServiceShutdownPolicy, StartError,
};
use jamsocket_tests::{Call, Client, PATIENCE, Probe, RawClient, http, soon};
use std::{collections::HashSet, io, net::SocketAddr, time::Duration};

#[tokio::test]
async fn stopping_disconnects_everyone_with_a_close() {
    let (probe, mut calls) = Probe::new();
    let server = Server::new().with_port(0).start(probe).unwrap();
    let mut ann = Client::join(server.addr(), "/ws/1").await;
    let mut bob = Client::join(server.addr(), "/ws/1").await;
    server.stop();
    for client in [&mut ann, &mut bob] {
        assert_eq!(client.hear_close().await, (1001, "the server is stopping".into()));
    }
    soon("the server's end", server.stopped()).await;
    let id = || "1".to_owned();
    calls.expect([Call::New(id()), Call::Connect(id(), 1), Call::Connect(id(), 2)]).await;
    calls.expect([Call::Disconnect(id(), 1), Call::Disconnect(id(), 2), Call::Gone(id())]).await;
    server.join().unwrap();
}

#[tokio::test]
async fn a_server_whose_handle_is_dropped_stops() {
    let (probe, mut calls) = Probe::new();
    let server = Server::new().with_port(0).start(probe).unwrap();
    let mut ann = Client::join(server.addr(), "/ws/1").await;
    drop(server);
    assert_eq!(ann.hear_close().await.0, 1001);
    while calls.next().await != Call::Gone("1".into()) {}
}

#[tokio::test]
async fn a_stopping_server_accepts_no_one() {
    let (probe, _calls) = Probe::new();
    let server = Server::new().with_port(0).start(probe).unwrap();
    let addr = server.addr();
    server.stop();
    soon("the server's end", server.stopped()).await;
    let refused = tokio::net::TcpStream::connect(addr).await.unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn ancestor_a9_a_server_listens_where_it_is_told_to() {
    let (probe, _calls) = Probe::new();
    let server = Server::new().with_host("127.0.0.2").with_port(0).start(probe).unwrap();
    assert_eq!(server.addr().ip().to_string(), "127.0.0.2");
    assert_ne!(server.addr().port(), 0);
    assert_eq!(http(server.addr(), "GET /status").await.status, 200);
}

#[test]
fn what_cannot_be_started_says_why() {
    let start = |server: Server| server.start(Probe::new().0).unwrap_err();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = u32::from(taken.local_addr().unwrap().port());
    let error = start(Server::new().with_port(port));
    assert_eq!(error.to_string(), format!("cannot listen on 127.0.0.1:{port}"));
    assert!(
        matches!(error, StartError::Bind { source, .. } if source.kind() == io::ErrorKind::AddrInUse)
    );
    let error = start(Server::new().with_port(65_536));
    assert_eq!(error.to_string(), "65536 is no port: ports are 0 to 65535");
    assert!(matches!(start(Server::new().with_workers(0)), StartError::NoWorkers));
    assert!(matches!(
        start(Server::new().with_host("no.such.host.invalid")),
        StartError::Bind { .. }
    ));
}

#[tokio::test]
async fn ancestor_a2_rooms_share_the_workers() {
    let (probe, _calls) = Probe::new();
    let server = Server::new().with_port(0).with_workers(2).start(probe).unwrap();
    let mut threads = HashSet::new();
    let mut held = Vec::new();
    for room in 0..40 {
        let mut client = Client::join(server.addr(), &format!("/ws/{room}")).await;
        client.say("thread").await;
        threads.insert(client.hear().await);
        held.push(client);
    }
    assert_eq!(threads.len(), 2, "40 rooms ran on {threads:?}");
}

#[tokio::test]
async fn a_room_stays_on_its_worker_whatever_workers_its_clients_are_on() {
    let (probe, _calls) = Probe::new();
    let server = Server::new().with_port(0).with_workers(3).start(probe).unwrap();
    let mut clients = Vec::new();
    for _ in 0..12 {
        clients.push(Client::join(server.addr(), "/ws/1").await);
    }
    let mut threads = HashSet::new();
    for client in &mut clients {
        client.say("thread").await;
        threads.insert(client.hear().await);
    }
    assert_eq!(threads.len(), 1, "one room ran on {threads:?}");
    clients[0].say("all hi").await;
    for client in &mut clients {
        assert_eq!(client.hear().await, "hi");
    }
}

#[tokio::test]
async fn several_services_have_rooms_of_their_own() {
    let ((lone, _a), (chat, _b), (draw, _c)) = (Probe::new(), Probe::new(), Probe::new());
    let draw = NamedService::new("draw", draw)
        .with_room_id_strategy(RoomIdStrategy::Uuid)
        .with_shutdown_policy(ServiceShutdownPolicy::Immediate);
    let server =
        Server::new().with_port(0).service("chat", chat).with_service(draw).start(lone).unwrap();
    let mut clients = [
        Client::join(server.addr(), "/ws/1").await,
        Client::join(server.addr(), "/chat/ws/1").await,
        {
            let room = http(server.addr(), "POST /draw/new_room").await.body;
            Client::join(server.addr(), &format!("/draw/ws/{room}")).await
        },
    ];
    clients[0].say("all of one room").await;
    assert_eq!(clients[0].hear().await, "of one room");
    for client in &mut clients[1..] {
        client.say("all of another").await;
        assert_eq!(client.hear().await, "of another");
    }
    let unknown = Client::try_join(server.addr(), "/draw/ws/1").await.unwrap_err();
    assert_eq!(unknown.status, 404);
}

/// Serves, on one worker thread, an application that has these rooms where `configure` puts them.
fn serve_app(
    rooms: &Mount,
    configure: impl Fn(&Mount, &mut ServiceConfig) + Clone + Send + 'static,
) -> (SocketAddr, ServerHandle) {
    let factory = {
        let rooms = rooms.clone();
        move || App::new().configure(|app| configure(&rooms, app))
    };
    let http_server = HttpServer::new(factory)
        .workers(1)
        .disable_signals()
        .client_disconnect_timeout(Duration::ZERO)
        .on_connect(rooms.on_connect())
        .bind("127.0.0.1:0")
        .unwrap();
    let addr = http_server.addrs()[0];
    let running = http_server.run();
    let handle = running.handle();
    actix_web::rt::spawn(running);
    (addr, handle)
}

#[actix_web::test]
async fn rooms_can_be_mounted_into_an_app_that_is_there() {
    let (probe, mut calls) = Probe::new();
    let rooms = Server::new().mount(probe).unwrap();
    let (addr, handle) = serve_app(&rooms, |rooms, app| {
        app.service(web::scope("/admin").configure(|app| rooms.configure_admin(app)))
            .route("/hello", web::get().to(|| async { "hello" }))
            .service(web::scope("/game").configure(|app| rooms.configure(app)));
    });

    assert_eq!(http(addr, "GET /hello").await.body, "hello");
    assert_eq!(http(addr, "GET /game/status").await.body, "ok");
    let mut client = Client::join(addr, "/game/ws/a%2Fb").await;
    calls.expect([Call::New("a/b".into()), Call::Connect("a/b".into(), 1)]).await;
    let metrics = http(addr, "GET /admin/metrics").await.body;
    assert!(metrics.contains("jamsocket_rooms{service=\"/\"} 1\n"), "{metrics}");
    assert!(http(addr, "GET /admin/rooms").await.body.contains(r#""id":"a/b""#));
    assert_eq!(http(addr, "GET /game/metrics").await.status, 404);
    let (closed, ()) = tokio::join!(client.hear_close(), rooms.stop());
    assert_eq!(closed.0, 1001);
    calls.expect([Call::Disconnect("a/b".into(), 1), Call::Gone("a/b".into())]).await;
    let refused = Client::try_join(addr, "/game/ws/1").await.unwrap_err();
    assert_eq!(refused.status, 503);
    handle.stop(true).await;
}

#[actix_web::test]
async fn a_handler_that_panics_beside_the_rooms_costs_only_its_own_connection() {
    let (probe, _calls) = Probe::new();
    let rooms = Server::new().mount(probe).unwrap();
    let (addr, handle) = serve_app(&rooms, |rooms, app| {
        let panics = || async { if true { panic!("told to panic") } else { "never" } };
        app.route("/panic", web::get().to(panics)).configure(|app| rooms.configure(app));
    });

    let mut ann = Client::join(addr, "/ws/1").await;
    for _ in 0..3 {
        let mut client = RawClient::connect(addr).await;
        client.write(b"GET /panic HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
        assert_eq!(client.read_to_end().await, 0);
        ann.say("echo here").await;
        assert_eq!(ann.hear().await, "here");
    }
    Client::join(addr, "/ws/2").await.leave().await;
    handle.stop(false).await;
}

#[tokio::test]
async fn a_second_stop_does_not_wait_for_a_callback_that_blocks_its_thread() {
    let (probe, mut calls) = Probe::new();
    let server = Server::new().with_port(0).start(probe).unwrap();
    let mut client = Client::join(server.addr(), "/ws/1").await;
    let (held, hold) = std::sync::mpsc::channel();
    calls.block_on(hold);
    client.say("block").await;
    while !matches!(calls.next().await, Call::Message(..)) {}
    server.stop();
    server.stop();
    soon("the server's end", server.stopped()).await;
    drop(held);
}

#[tokio::test]
async fn a_stop_does_not_wait_for_ever_for_a_client_that_reads_nothing() {
    let (probe, _calls) = Probe::new();
    let server = Server::new().with_port(0).start(probe).unwrap();
    let _stalled = RawClient::join(server.addr(), "/ws/1").await;
    server.stop();
    let stopped = tokio::time::timeout(PATIENCE, server.stopped()).await;
    assert!(stopped.is_ok(), "the server waits for a client that does not answer its Close");
}
