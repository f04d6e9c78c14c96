//! What is counted. Where a bound has a test of its own elsewhere, this one only reads the counter.

use jamsocket_server::{Limits, RoomIdStrategy, Server, ServerHandle, ServiceActorContext};
use jamsocket_tests::{Call, Calls, Client, Metrics, Probe, RawClient, http, soon, workspace_root};
use jamsocket_wasm_host::{GuestLimits, WasmEngine, WasmHostFactory};
use std::{fs, net::SocketAddr, time::Duration};

fn start_with(server: Server) -> (ServerHandle, SocketAddr, Calls) {
    let (probe, calls) = Probe::new();
    let server = server.with_port(0).with_admin(0).start(probe).unwrap();
    let admin = server.admin_addrs()[0];
    (server, admin, calls)
}

fn start(limits: Limits) -> (ServerHandle, SocketAddr, Calls) {
    start_with(Server::new().with_limits(limits))
}

/// A guest of one page that does what the first letter of a message says.
const GUEST: &str = r#"(module
    (import "env" "send_message" (func $send (param i32 i32 i32)))
    (memory (export "memory") 1)
    (func (export "jam_malloc") (param i32) (result i32) (i32.const 1024))
    (func (export "jam_free") (param i32 i32))
    (func (export "initialize") (param i32 i32))
    (func (export "connect") (param i32))
    (func (export "disconnect") (param i32))
    (func (export "message") (param $client i32) (param $at i32) (param i32) (local $letter i32)
      (local.set $letter (i32.load8_u (local.get $at)))
      (if (i32.eq (local.get $letter) (i32.const 103)) ;; grow
        (then (drop (memory.grow (i32.const 2)))))
      (if (i32.eq (local.get $letter) (i32.const 116)) (then unreachable)) ;; trap
      (if (i32.eq (local.get $letter) (i32.const 115)) (then (loop (br 0)))) ;; spin
      (call $send (local.get $client) (local.get $at) (i32.const 4)))
    (func (export "binary") (param i32 i32 i32))
    (func (export "timer")))"#;

const PAGE: f64 = 65_536.0;

/// A server of rooms of [`GUEST`], each of which may have three pages.
fn start_guests() -> (ServerHandle, SocketAddr) {
    let limits = GuestLimits {
        max_rooms: 10,
        memory_bytes: 3 << 16,
        run_time: Duration::from_millis(50),
        ..GuestLimits::default()
    };
    let engine = WasmEngine::with_limits(limits).unwrap();
    let factory = WasmHostFactory::<ServiceActorContext>::from_bytes_in(&engine, GUEST.as_bytes());
    let server = Server::new().with_port(0).with_admin(0).start(factory.unwrap()).unwrap();
    let admin = server.admin_addrs()[0];
    (server, admin)
}

#[tokio::test]
async fn messages_and_their_bytes_are_counted_in_and_out() {
    let (server, admin, _calls) = start(Limits::default());
    let mut ann = Client::join(server.addr(), "/ws/1").await;
    let mut bob = Client::join(server.addr(), "/ws/1").await;
    ann.say("all hello").await;
    for client in [&mut ann, &mut bob] {
        assert_eq!(client.hear().await, "hello");
    }
    bob.say_binary(&[1, 2]).await;
    bob.hear_binary().await;
    let metrics = Metrics::until(admin, "jamsocket_sent_messages_total", 3.0).await;
    for (sample, value) in [
        ("jamsocket_received_messages_total", 2.0),
        ("jamsocket_received_bytes_total", 11.0),
        ("jamsocket_sent_messages_total", 3.0),
        ("jamsocket_sent_bytes_total", 12.0),
        ("jamsocket_undelivered_messages_total", 0.0),
        (r#"jamsocket_callback_seconds_count{callback="connect"}"#, 2.0),
        (r#"jamsocket_callback_seconds_count{callback="message"}"#, 1.0),
        (r#"jamsocket_callback_seconds_count{callback="binary"}"#, 1.0),
        (r#"jamsocket_callback_seconds_count{callback="timer"}"#, 0.0),
        (r#"jamsocket_callback_seconds_bucket{callback="message",le="+Inf"}"#, 1.0),
        ("jamsocket_rooms", 1.0),
        ("jamsocket_started_rooms_total", 1.0),
        ("jamsocket_clients", 2.0),
        ("jamsocket_connections_total", 2.0),
        ("jamsocket_open_connections", 2.0),
        ("jamsocket_guest_memory_bytes", 0.0),
    ] {
        assert_eq!(metrics.value(sample), value, "{sample}");
    }
    let time = metrics.value(r#"jamsocket_callback_seconds_sum{callback="message"}"#);
    assert!(time > 0.0 && time < 10.0, "{time} s");
}

#[tokio::test]
async fn a_callback_is_counted_with_the_time_that_it_took() {
    let (server, admin, mut calls) = start(Limits::default());
    let mut ann = Client::join(server.addr(), "/ws/1").await;
    ann.say("wait").await;
    while !matches!(calls.next().await, Call::Message(..)) {}
    let began = std::time::Instant::now();
    while began.elapsed() < Duration::from_millis(11) {
        http(server.addr(), "GET /status").await;
    }
    calls.release();
    let sample = r#"jamsocket_callback_seconds_count{callback="message"}"#;
    let metrics = Metrics::until(admin, sample, 1.0).await;
    let up_to = |bound: &str| {
        let labels = format!(r#"{{callback="message",le="{bound}"}}"#);
        metrics.value(&format!("jamsocket_callback_seconds_bucket{labels}"))
    };
    assert_eq!((up_to("0.000001"), up_to("0.01"), up_to("+Inf")), (0.0, 0.0, 1.0));
    assert!(metrics.value(r#"jamsocket_callback_seconds_sum{callback="message"}"#) > 0.01);
}

#[tokio::test]
async fn a_message_for_nobody_is_counted_as_undelivered() {
    let (server, admin, _calls) = start(Limits::default());
    let mut ann = Client::join(server.addr(), "/ws/1").await;
    ann.say("others hello").await;
    Metrics::until(admin, "jamsocket_undelivered_messages_total", 1.0).await;
}

#[tokio::test]
async fn services_are_counted_apart() {
    let (chat, _chat_calls) = Probe::new();
    let (server, admin, _calls) = start_with(Server::new().service("chat", chat));
    let _ann = Client::join(server.addr(), "/ws/1").await;
    let _bob = Client::join(server.addr(), "/chat/ws/1").await;
    let _eve = Client::join(server.addr(), "/chat/ws/2").await;
    let metrics = Metrics::until(admin, "jamsocket_clients", 3.0).await;
    assert_eq!(metrics.value(r#"jamsocket_rooms{service="/"}"#), 1.0);
    assert_eq!(metrics.value(r#"jamsocket_rooms{service="chat"}"#), 2.0);
}

#[tokio::test]
async fn every_websocket_that_ends_is_counted_once_by_its_end() {
    let limits = Limits {
        message_bytes: 100,
        message_fragments: 2,
        rate_messages: 1,
        rate_burst: 20,
        ..Limits::default()
    };
    let (server, admin, _calls) = start(limits);
    let addr = server.addr();
    let sample = |code: &str, reason: &str| {
        format!(r#"jamsocket_closes_total{{code="{code}",reason="{reason}"}}"#)
    };

    let mut client = Client::join(addr, "/ws/1").await;
    client.say(&"x".repeat(101)).await;
    client.hear_close().await;
    Metrics::until(admin, &sample("1009", "too_big"), 1.0).await;

    for (frames, code, reason) in [
        (&[(0x83, &b""[..])][..], 1002, "protocol_error"),
        (&[(0x81, b"\xff")], 1007, "bad_utf8"),
        (&[(0x01, b""), (0x00, b""), (0x80, b"")], 1008, "too_many_fragments"),
        (&[(0x81, &b""[..]); 40][..], 1008, "too_many_messages"),
    ] {
        let mut client = RawClient::join(addr, "/ws/1").await;
        for (first, payload) in frames {
            client.send(*first, payload).await;
        }
        assert_eq!(client.read_close().await, code);
        Metrics::until(admin, &sample(&code.to_string(), reason), 1.0).await;
    }

    for (path, reason) in [("/ws/broken", "not_started"), ("/ws/2", "room_failed")] {
        let mut client = Client::join(addr, path).await;
        if reason == "room_failed" {
            client.say("panic").await;
        }
        assert_eq!(client.hear_close().await.0, 1011);
        Metrics::until(admin, &sample("1011", reason), 1.0).await;
    }

    for (payload, code) in [
        (&b""[..], "1005"),
        (&1000_u16.to_be_bytes(), "1000"),
        (&1001_u16.to_be_bytes(), "1001"),
        (&4711_u16.to_be_bytes(), "other"),
    ] {
        let mut client = RawClient::join(addr, "/ws/1").await;
        client.send(0x88, payload).await;
        client.read().await;
        Metrics::until(admin, &sample(code, "peer"), 1.0).await;
    }
    RawClient::join(addr, "/ws/1").await.reset();
    Metrics::until(admin, &sample("1006", "lost"), 1.0).await;

    // Nothing is counted twice, and nothing is left out.
    let metrics = Metrics::until(admin, "jamsocket_open_connections", 0.0).await;
    assert_eq!(metrics.value("jamsocket_closes_total"), 12.0);
    assert_eq!(metrics.value("jamsocket_connections_total"), 12.0);
}

#[tokio::test]
async fn a_websocket_that_is_lost_before_it_is_answered_is_counted_like_any_other() {
    let (server, admin, _calls) = start(Limits::default());
    for _ in 0..200 {
        let mut client = RawClient::connect(server.addr()).await;
        client.request("/ws/1").await;
        client.reset();
    }
    let lost = r#"jamsocket_closes_total{code="1006",reason="lost"}"#;
    soon("as many ends as beginnings", async {
        loop {
            let metrics = Metrics::read(admin).await;
            let opened = metrics.value("jamsocket_connections_total");
            if opened > 0.0 && metrics.value(lost) == opened {
                break;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_client_that_is_silent_is_counted() {
    let server = Server::new().with_heartbeat_interval(0).with_heartbeat_timeout(1);
    let (server, admin, _calls) = start_with(server);
    let _silent = RawClient::join(server.addr(), "/ws/1").await;
    let sample = r#"jamsocket_closes_total{code="1008",reason="silent"}"#;
    Metrics::until(admin, sample, 1.0).await;
}

#[tokio::test]
async fn a_slow_client_is_counted() {
    let (server, admin, mut calls) = start(Limits { outbox_bytes: 1 << 20, ..Limits::default() });
    let _slow = RawClient::join(server.addr(), "/ws/1").await;
    let mut quick = Client::join(server.addr(), "/ws/1").await;
    // What the sockets' buffers take is not slow yet.
    loop {
        quick.say("flood 8").await;
        for _ in 0..8 {
            quick.hear().await;
        }
        if matches!(calls.next().await, Call::Disconnect(..)) {
            break;
        }
    }
    let metrics = Metrics::until(admin, "jamsocket_slow_clients_total", 1.0).await;
    assert_eq!(metrics.value(r#"jamsocket_closes_total{reason="too_slow",code="1008"}"#), 1.0);
    Metrics::until(admin, "jamsocket_clients", 1.0).await;
}

#[tokio::test]
async fn a_client_whose_room_has_too_much_to_do_is_counted_as_paused() {
    for limits in [
        Limits { inbox_messages: 4, ..Limits::default() },
        Limits { inbox_bytes: 40, ..Limits::default() },
    ] {
        let (server, admin, mut calls) = start(limits);
        let mut ann = RawClient::join(server.addr(), "/ws/1").await;
        ann.send(0x81, b"wait").await;
        while !matches!(calls.next().await, Call::Message(..)) {}
        let metrics = Metrics::read(admin).await;
        assert_eq!(metrics.value("jamsocket_paused_clients_total"), 0.0);
        for _ in 0..5 {
            ann.send(0x81, b"0123456789").await;
        }
        Metrics::until(admin, "jamsocket_paused_clients_total", 1.0).await;
        calls.release();
    }
}

#[tokio::test]
async fn a_peer_that_is_given_no_more_time_is_counted() {
    let limits = Limits { close_time: Duration::from_millis(50), ..Limits::default() };
    let (server, admin, _calls) = start(limits);
    let mut client = RawClient::join(server.addr(), "/ws/1").await;
    client.send(0x81, b"panic").await;
    assert_eq!(client.read_close().await, 1011);
    Metrics::until(admin, "jamsocket_close_timeouts_total", 1.0).await;
    let mut client = RawClient::join(server.addr(), "/ws/1").await;
    client.send(0x83, b"").await;
    assert_eq!(client.read_close().await, 1002);
    Metrics::until(admin, "jamsocket_close_timeouts_total", 2.0).await;
}

#[tokio::test]
async fn a_request_that_is_refused_is_counted_by_the_reason() {
    let (server, admin, _calls) =
        start_with(Server::new().with_room_id_strategy(RoomIdStrategy::Explicit));
    let addr = server.addr();
    for path in ["/ws/1", "/ws/2"] {
        assert_eq!(http(addr, &format!("POST {path}")).await.status, 200);
    }
    let evil = "GET /ws/1 HTTP/1.1\r\nOrigin: https://evil.example\r\nHost: ";
    let mut foreign = RawClient::connect(addr).await;
    foreign.write(format!("{evil}localhost\r\n\r\n").as_bytes()).await;
    assert_eq!(foreign.read_status().await, 403);
    let mut rebound = RawClient::connect(addr).await;
    rebound.write(format!("{evil}evil.example\r\n\r\n").as_bytes()).await;
    assert_eq!(rebound.read_status().await, 421);
    for (request, status) in [
        ("GET /ws/%00", 400),
        ("POST /ws/", 400),
        ("GET /ws/1", 400),
        ("POST /ws/1", 409),
        ("POST /new_room", 400),
        ("POST /ws/broken", 500),
        ("POST /ws/full", 503),
    ] {
        assert_eq!(http(addr, request).await.status, status, "{request}");
    }
    assert_eq!(Client::try_join(addr, "/ws/3").await.unwrap_err().status, 404);
    let metrics = Metrics::read(admin).await;
    for (reason, count) in [
        ("origin", 1.0),
        ("host", 1.0),
        ("bad_id", 2.0),
        ("handshake", 1.0),
        ("exists", 1.0),
        ("wrong_strategy", 1.0),
        ("not_started", 1.0),
        ("no_capacity", 1.0),
        ("unknown_room", 1.0),
    ] {
        let sample = format!(r#"jamsocket_refusals_total{{reason="{reason}"}}"#);
        assert_eq!(metrics.value(&sample), count, "{reason}");
    }
    assert_eq!(metrics.value("jamsocket_refusals_total"), 10.0);
}

#[tokio::test]
async fn a_request_beyond_a_bound_is_counted_by_the_bound() {
    let refused = async |limits: Limits, paths: &[&str], reason: &str| {
        let (server, admin, _calls) = start(limits);
        let (last, first) = paths.split_last().unwrap();
        let mut clients = Vec::new();
        for path in first {
            clients.push(Client::join(server.addr(), path).await);
        }
        let sample = format!(r#"jamsocket_refusals_total{{service="/",reason="{reason}"}}"#);
        assert_eq!(Metrics::read(admin).await.value(&sample), 0.0);
        assert_eq!(Client::try_join(server.addr(), last).await.unwrap_err().status, 503);
        assert_eq!(Metrics::read(admin).await.value(&sample), 1.0, "{reason}");
    };
    let two_rooms = ["/ws/1", "/ws/2"];
    let limits = Limits { max_rooms: 1, ..Limits::default() };
    refused(limits, &two_rooms, "max_rooms").await;
    let limits = Limits { max_connections: 1, ..Limits::default() };
    refused(limits, &two_rooms, "max_connections").await;
    let limits = Limits { max_clients: 1, ..Limits::default() };
    refused(limits, &["/ws/1", "/ws/1"], "max_clients").await;
    let limits = Limits { join_time: Duration::from_millis(50), ..Limits::default() };
    refused(limits, &["/ws/slow%20to%20start"], "join_time").await;
}

#[tokio::test]
async fn rooms_that_are_made_too_often_are_counted() {
    let (server, admin, _calls) = start(Limits { rate_rooms: 1, ..Limits::default() });
    let mut refused = 0.0;
    for room in 0..50 {
        if Client::try_join(server.addr(), &format!("/ws/{room}")).await.is_err() {
            refused += 1.0;
        }
    }
    let sample = r#"jamsocket_refusals_total{reason="rate_rooms"}"#;
    assert!(refused > 0.0);
    assert_eq!(Metrics::read(admin).await.value(sample), refused);
}

#[tokio::test]
async fn what_a_service_did_wrong_is_counted() {
    let limits = Limits { callback_messages: 3, callback_log_bytes: 4, ..Limits::default() };
    let (server, admin, _calls) = start(limits);
    for (message, cause) in [("panic", "panicked"), ("flood 4", "sent_too_much")] {
        let mut client = Client::join(server.addr(), "/ws/1").await;
        client.say(message).await;
        assert_eq!(client.hear_close().await.0, 1011);
        let sample = format!(r#"jamsocket_room_failures_total{{cause="{cause}"}}"#);
        Metrics::until(admin, &sample, 1.0).await;
    }
    for (room, cause) in [("broken", "panicked"), ("declined", "declined")] {
        Client::join(server.addr(), &format!("/ws/{room}")).await.hear_close().await;
        let sample = format!(r#"jamsocket_build_failures_total{{cause="{cause}"}}"#);
        Metrics::until(admin, &sample, 1.0).await;
    }
    let metrics = Metrics::until(admin, "jamsocket_rooms", 0.0).await;
    assert_eq!(metrics.value("jamsocket_room_failures_total"), 2.0);
    assert_eq!(metrics.value("jamsocket_started_rooms_total"), 2.0);
    // The line that the room wrote before it panicked is longer than four bytes.
    assert_eq!(metrics.value("jamsocket_dropped_log_lines_total"), 1.0);
}

#[tokio::test]
async fn what_a_guest_did_wrong_is_counted() {
    let (server, admin) = start_guests();
    for (message, cause) in [("trap", "trapped"), ("spin", "out_of_time")] {
        let mut client = Client::join(server.addr(), "/ws/1").await;
        client.say(message).await;
        assert_eq!(client.hear_close().await.0, 1011);
        let sample = format!(r#"jamsocket_room_failures_total{{cause="{cause}"}}"#);
        Metrics::until(admin, &sample, 1.0).await;
    }
}

#[tokio::test]
async fn the_memory_of_a_guest_is_told_as_it_grows_and_is_gone_with_it() {
    let (server, admin) = start_guests();
    let mut ann = Client::join(server.addr(), "/ws/1").await;
    let _bob = Client::join(server.addr(), "/ws/2").await;
    Metrics::until(admin, "jamsocket_guest_memory_bytes", 2.0 * PAGE).await;
    ann.say("grow").await;
    ann.hear().await;
    let metrics = Metrics::until(admin, "jamsocket_guest_memory_bytes", 4.0 * PAGE).await;
    assert_eq!(metrics.value("jamsocket_refused_growths_total"), 0.0);
    // It may have three pages.
    ann.say("grow").await;
    ann.hear().await;
    let metrics = Metrics::until(admin, "jamsocket_refused_growths_total", 1.0).await;
    assert_eq!(metrics.value("jamsocket_guest_memory_bytes"), 4.0 * PAGE);
    let rooms = http(admin, "GET /rooms").await.body;
    assert!(
        rooms.contains(r#""id":"1","service":"/","clients":1,"memory_bytes":196608,"#),
        "{rooms}"
    );
    assert!(
        rooms.contains(r#""id":"2","service":"/","clients":1,"memory_bytes":65536,"#),
        "{rooms}"
    );
    ann.say("hello").await;
    ann.hear().await;
    ann.say("trap").await;
    ann.hear_close().await;
    let metrics = Metrics::until(admin, "jamsocket_guest_memory_bytes", PAGE).await;
    assert_eq!(metrics.value("jamsocket_refused_growths_total"), 1.0);
}

/// The rows of the first table after `heading` in docs/METRICS.md, without its own heading.
fn table(heading: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(workspace_root().join("docs/METRICS.md")).unwrap();
    let below = text.lines().skip_while(|line| *line != heading);
    let rows = below.skip_while(|line| !line.starts_with('|'));
    let rows = rows.take_while(|line| line.starts_with('|')).skip(2);
    let cells = |row: &str| {
        let cells = row.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().replace('`', "")).collect()
    };
    rows.map(cells).collect()
}

#[tokio::test]
async fn the_document_lists_what_is_exported() {
    let (_server, admin, _calls) = start(Limits::default());
    let exported: Vec<_> = Metrics::read(admin)
        .await
        .families()
        .into_values()
        .map(|family| {
            let labels: Vec<_> = family.labels.into_iter().collect();
            vec![family.name, family.kind, labels.join(", "), family.help]
        })
        .collect();
    let mut documented = table("# Metrics");
    documented.sort();
    assert_eq!(documented, exported);
}

#[tokio::test]
async fn the_document_lists_every_case_that_is_counted_apart() {
    let (_server, admin, _calls) = start(Limits::default());
    let metrics = Metrics::read(admin).await;
    for (heading, sample, keys) in [
        ("## Closes", "jamsocket_closes_total", &["code", "reason"][..]),
        ("## Refusals", "jamsocket_refusals_total", &["reason"]),
        ("## Failures", "jamsocket_room_failures_total", &["cause"]),
        ("## Failures", "jamsocket_build_failures_total", &["cause"]),
    ] {
        let rows = table(heading).into_iter().map(|row| row[..keys.len()].to_vec());
        assert_eq!(rows.collect::<Vec<_>>(), metrics.cases(sample, keys), "{sample}");
    }
}
