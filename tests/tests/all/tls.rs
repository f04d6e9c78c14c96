use jamsocket_server::{Limits, Server, ServerHandle, StartError, Tls, TlsError};
use jamsocket_tests::{
    Call, Calls, Certificate, Client, Jamsocket, Package, Probe, RawClient, guest, tls, until,
};
use rustls::{
    ClientConnection,
    version::{TLS12, TLS13},
};
use std::{sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::client::TlsStream;

fn tls_of(files: &Package) -> Tls {
    Tls::from_files(files.folder().join("cert.pem"), files.folder().join("key.pem"))
}

fn start_with(limits: Limits, files: &Package) -> (ServerHandle, Calls) {
    let (probe, calls) = Probe::new();
    let server = Server::new().with_port(0).with_limits(limits).with_tls(tls_of(files));
    (server.start(probe).unwrap(), calls)
}

fn start(files: &Package) -> (ServerHandle, Calls) {
    start_with(Limits::default(), files)
}

async fn connected(server: &ServerHandle, certificate: &Certificate) -> TlsStream<TcpStream> {
    tls(server.addr(), certificate.trusted()).await.unwrap()
}

async fn join(server: &ServerHandle, certificate: &Certificate) -> Client<TlsStream<TcpStream>> {
    Client::through(connected(server, certificate).await, "/ws/1").await
}

async fn echoes<S: AsyncRead + AsyncWrite + Unpin>(client: &mut Client<S>) {
    client.say("echo hello").await;
    assert_eq!(client.hear().await, "hello");
}

/// Connects until this certificate is the one that new connections get.
async fn served(addr: std::net::SocketAddr, certificate: &Certificate) {
    until("the new certificate", async || tls(addr, certificate.trusted()).await.is_ok()).await;
}

/// The first bytes of a client that speaks TLS.
fn hello(certificate: &Certificate) -> Vec<u8> {
    let name = "localhost".try_into().unwrap();
    let mut bytes = Vec::new();
    ClientConnection::new(Arc::new(certificate.trusted()), name)
        .unwrap()
        .write_tls(&mut bytes)
        .unwrap();
    bytes
}

#[tokio::test]
async fn rooms_are_joined_over_tls_1_2_and_1_3() {
    let certificate = Certificate::new();
    let (server, mut calls) = start(&certificate.files());
    for (id, version) in (1..).zip([&TLS12, &TLS13]) {
        let connection = tls(server.addr(), certificate.trusted_by(&[version])).await.unwrap();
        assert_eq!(connection.get_ref().1.protocol_version(), Some(version.version));
        let mut client = Client::through(connection, "/ws/1").await;
        echoes(&mut client).await;
        client.leave().await;
        while calls.next().await != Call::Disconnect("1".into(), id) {}
    }
}

#[tokio::test]
async fn older_versions_of_tls_are_refused() {
    let certificate = Certificate::new();
    // So long is the handshake of TLS 1.2 waited for, which is not refused.
    let limits = Limits { request_time: Duration::from_secs(1), ..Limits::default() };
    let (server, _calls) = start_with(limits, &certificate.files());
    for (name, minor) in [("SSL 3.0", 0), ("TLS 1.0", 1), ("TLS 1.1", 2), ("TLS 1.2", 3)] {
        // A ClientHello (RFC 5246, section 7.4.1.2): version, random, no session,
        let mut hello = vec![3, minor];
        hello.extend([7; 32]);
        hello.push(0);
        // ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 and RSA_WITH_AES_128_CBC_SHA, no compression,
        hello.extend([0, 4, 0xc0, 0x2b, 0x00, 0x2f, 1, 0]);
        // the extensions supported_groups, with secp256r1, and signature_algorithms, with ECDSA.
        hello.extend([0, 16, 0, 10, 0, 4, 0, 2, 0, 23, 0, 13, 0, 4, 0, 2, 4, 3]);
        let length = hello.len() as u8;
        let mut client = RawClient::connect(server.addr()).await;
        client.write(&[0x16, 3, minor.min(1), 0, length + 4, 1, 0, 0, length]).await;
        client.write(&hello).await;
        let answer = client.read_all().await;
        // A fatal alert, protocol_version (RFC 5246, section 7.2), or else a ServerHello.
        let refused = matches!(answer[..], [0x15, 3, _, 0, 2, 2, 70]);
        assert_eq!(refused, minor < 3, "{name}: {answer:?}");
        assert_eq!(answer.first() == Some(&0x16), minor == 3, "{name}: {answer:?}");
    }
}

#[tokio::test]
async fn http_1_1_is_all_that_is_spoken_in_it() {
    let certificate = Certificate::new();
    let (server, _calls) = start(&certificate.files());
    let offering = |protocols: &[&str]| {
        let mut client = certificate.trusted();
        client.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        tls(server.addr(), client)
    };
    let connection = offering(&["h2", "http/1.1"]).await.unwrap();
    assert_eq!(connection.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    let refused = offering(&["h2"]).await.unwrap_err();
    assert!(refused.to_string().contains("NoApplicationProtocol"), "{refused}");
}

#[tokio::test]
async fn pages_of_the_same_host_are_let_in_and_others_not() {
    let certificate = Certificate::new();
    let (server, _calls) = start(&certificate.files());
    for (origin, expected) in
        [("https://localhost:1234", 101), ("https://localhost", 403), ("https://evil.example", 403)]
    {
        let mut client = RawClient::through(connected(&server, &certificate).await);
        let request = format!(
            "GET /ws/1 HTTP/1.1\r\nHost: localhost:1234\r\nOrigin: {origin}\r\n\
             Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        client.write(request.as_bytes()).await;
        assert_eq!(client.read_status().await, expected, "{origin}");
    }
}

#[tokio::test]
async fn a_changed_certificate_is_for_new_connections_and_the_old_ones_go_on() {
    let (first, second) = (Certificate::new(), Certificate::new());
    let files = first.files();
    let (server, _calls) = start(&files);
    let mut old = join(&server, &first).await;
    echoes(&mut old).await;
    files.write("cert.pem", &second.pem);
    files.write("key.pem", &second.key);
    served(server.addr(), &second).await;
    echoes(&mut join(&server, &second).await).await;
    assert!(tls(server.addr(), first.trusted()).await.is_err());
    echoes(&mut old).await;
}

#[tokio::test]
async fn a_certificate_that_changes_into_a_broken_one_stays_until_that_is_mended() {
    let (first, second) = (Certificate::new(), Certificate::new());
    let files = first.files();
    let arguments = format!(
        "serve {} --port 0 --verbose --tls-cert cert.pem --tls-key key.pem",
        guest("echo").display()
    );
    let serving = Jamsocket::new(files.folder(), &arguments).serve();
    files.write("key.pem", &second.key);
    let warning = serving.line_with("the certificate stays what it was");
    assert!(warning.contains("WARN") && warning.contains("`key.pem` is not that of"), "{warning}");
    tls(serving.addr, first.trusted()).await.unwrap();
    files.write("cert.pem", &second.pem);
    let taken = serving.line_with("new certificate");
    assert!(taken.contains("INFO") && taken.contains("cert.pem"), "{taken}");
    let connection = tls(serving.addr, second.trusted()).await.unwrap();
    let mut client = Client::through(connection, "/ws/1").await;
    client.say("hello").await;
    assert_eq!(client.hear().await, "hello");
}

#[test]
fn files_that_cannot_be_used_are_told_before_the_server_starts() {
    let (certificate, other) = (Certificate::new(), Certificate::new());
    let files = certificate.files();
    files.write("other.pem", &other.key);
    let start = |certificate: &str, key: &str| {
        let folder = files.folder();
        let tls = Tls::from_files(folder.join(certificate), folder.join(key));
        Server::new().with_port(0).with_tls(tls).start(Probe::new().0).unwrap_err()
    };
    let mismatch = start("cert.pem", "other.pem");
    assert!(matches!(mismatch, StartError::Tls(TlsError::Mismatch { .. })), "{mismatch}");
    let missing = start("missing.pem", "key.pem");
    assert!(matches!(missing, StartError::Tls(TlsError::Unreadable { .. })), "{missing}");
    assert_eq!(std::io::Error::from(missing).kind(), std::io::ErrorKind::NotFound);
}

#[test]
fn the_command_says_what_is_wrong_with_certificates() {
    let files = Certificate::new().files();
    files.write("other.pem", &Certificate::new().key);
    let module = guest("echo").display().to_string();
    let failing = |toml: &str, flags: &str| {
        files.write("jamsocket.toml", toml);
        let line = format!("serve {module} --port 0 {flags}");
        let output = Jamsocket::new(files.folder(), &line).run();
        (output.code, output.stderr)
    };
    for (toml, flags, code, says) in [
        ("", "--tls-cert cert.pem", 2, &["--tls-key <FILE>"][..]),
        ("", "--tls-key key.pem", 2, &["--tls-cert <FILE>"]),
        ("tls_cert = 'cert.pem'\n", "", 1, &["jamsocket.toml:1", "`tls_cert` and `tls_key`"]),
        (
            "tls_cert = 'cert.pem'\ntls_key = 'other.pem'\n",
            "",
            1,
            &["`other.pem` is not that of the certificate in `cert.pem`", "made together"],
        ),
        (
            "",
            "--tls-cert cert.pem --tls-key no.pem",
            1,
            &["cannot read `no.pem`", "caused by: No such file", "help: --tls-cert"],
        ),
    ] {
        let (exit, said) = failing(toml, flags);
        assert_eq!(exit, code, "{said}");
        for words in says {
            assert!(said.contains(words), "`{words}` is not in:\n{said}");
        }
    }
}

#[test]
fn dev_looks_at_certificates_before_it_builds() {
    let flags = "dev --port 0 --tls-cert no.pem --tls-key no.pem";
    let output = Jamsocket::new(Package::with_files(&[]).folder(), flags).run();
    // A folder that is no package would be told so next.
    assert!(output.stderr.contains("error: cannot read `no.pem`"), "{}", output.stderr);
}

#[tokio::test]
async fn the_command_serves_the_certificate_of_jamsocket_toml() {
    let certificate = Certificate::new();
    let files = certificate.files();
    files.write("app/jamsocket.toml", "tls_cert = '../cert.pem'\ntls_key = '../key.pem'\n");
    let arguments = format!(
        "serve {} --port 0 --config app/jamsocket.toml --trust-config",
        guest("echo").display()
    );
    let serving = Jamsocket::new(files.folder(), &arguments).serve();
    let connection = tls(serving.addr, certificate.trusted()).await.unwrap();
    let mut client = Client::through(connection, "/ws/1").await;
    client.say("hello").await;
    assert_eq!(client.hear().await, "hello");
}

#[tokio::test]
async fn a_handshake_has_as_much_time_as_a_request() {
    let certificate = Certificate::new();
    let limits = Limits { request_time: Duration::from_millis(200), ..Limits::default() };
    let (server, _calls) = start_with(limits, &certificate.files());
    let hello = hello(&certificate);
    for sent in [&[][..], &hello[..hello.len() / 2], &hello] {
        let mut stalled = RawClient::connect(server.addr()).await;
        stalled.write(sent).await;
        // The three seconds that actix allows by default would be too long.
        let ended = tokio::time::timeout(Duration::from_secs(2), stalled.read_to_end()).await;
        assert!(ended.is_ok(), "{} bytes of a hello hold a connection open", sent.len());
    }
    // After the handshake it is the request that is waited for, and as long.
    let mut silent = RawClient::through(connected(&server, &certificate).await);
    silent.read_to_end().await;
}

#[tokio::test]
async fn handshakes_that_stall_keep_nobody_out() {
    let certificate = Certificate::new();
    let (probe, _calls) = Probe::new();
    // They stall for longer than the test has patience.
    let limits = Limits { request_time: Duration::from_secs(600), ..Limits::default() };
    let server = Server::new()
        .with_port(0)
        .with_workers(1)
        .with_limits(limits)
        .with_tls(tls_of(&certificate.files()))
        .start(probe)
        .unwrap();
    let half = hello(&certificate);
    let mut stalled = Vec::new();
    for _ in 0..300 {
        let mut client = RawClient::connect(server.addr()).await;
        client.write(&half[..half.len() / 2]).await;
        stalled.push(client);
    }
    echoes(&mut join(&server, &certificate).await).await;
}

#[tokio::test]
async fn http_where_tls_is_spoken_and_tls_where_http_is_end_the_connection() {
    let certificate = Certificate::new();
    let (server, _calls) = start(&certificate.files());
    let mut client = RawClient::connect(server.addr()).await;
    client.write(b"GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    let answer = client.read_all().await;
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");

    let (probe, _calls) = Probe::new();
    let plain = Server::new().with_port(0).start(probe).unwrap();
    let mut client = RawClient::connect(plain.addr()).await;
    client.write(&hello(&certificate)).await;
    assert_eq!(client.read_status().await, 400);
    client.read_to_end().await;
    echoes(&mut join(&server, &certificate).await).await;
}

#[tokio::test]
async fn large_messages_come_through_both_ways() {
    let certificate = Certificate::new();
    let (server, _calls) = start(&certificate.files());
    let mut client = join(&server, &certificate).await;
    let message: Vec<u8> = (0..1 << 20).map(|n: u32| (n % 251) as u8).collect();
    for _ in 0..4 {
        client.say_binary(&message).await;
        assert!(client.hear_binary().await == message, "the message has changed on its way");
    }
    client.leave().await;
}

#[tokio::test]
async fn a_client_that_reads_nothing_leaves_and_its_connection_is_reset() {
    let certificate = Certificate::new();
    let files = certificate.files();
    let limits = Limits { write_time: Duration::from_secs(1), ..Limits::default() };
    let (server, mut calls) = start_with(limits, &files);
    let slow = RawClient::through(connected(&server, &certificate).await);
    let mut slow = slow.upgraded("/ws/1").await;
    let mut quick = join(&server, &certificate).await;
    let id = || "1".to_owned();
    calls.expect([Call::New(id()), Call::Connect(id(), 1), Call::Connect(id(), 2)]).await;
    loop {
        quick.say("flood 16").await;
        for _ in 0..16 {
            assert_eq!(quick.hear().await.len(), 64 << 10);
        }
        match calls.next().await {
            Call::Message(..) => {}
            left => break assert_eq!(left, Call::Disconnect(id(), 1)),
        }
    }
    slow.write_to_end().await;
}
