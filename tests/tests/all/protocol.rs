use jamsocket_server::{Server, ServerHandle};
use jamsocket_tests::{Call, Calls, Client, Probe, RawClient};

fn start() -> (ServerHandle, Calls) {
    let (probe, calls) = Probe::new();
    (Server::new().with_port(0).start(probe).unwrap(), calls)
}

#[tokio::test]
async fn ancestor_a4_a_fragmented_message_arrives_whole() {
    let (server, mut calls) = start();
    let mut client = RawClient::join(server.addr(), "/ws/1").await;
    client.send(0x01, b"echo one ").await;
    client.send(0x89, b"between").await;
    client.send(0x80, b"message").await;
    assert_eq!(client.read().await, (0x8a, b"between".to_vec()));
    assert_eq!(client.read().await, (0x81, b"one message".to_vec()));
    let message = Call::Message("1".into(), 1, "echo one message".into());
    calls.expect([Call::New("1".into()), Call::Connect("1".into(), 1), message]).await;
}

#[tokio::test]
async fn ancestor_a4_a_protocol_error_closes_the_socket() {
    let (server, mut calls) = start();
    let cases: [(&[u8], u16); 5] = [
        (&[0x81, 0x01, b'x'], 1002),
        (&[0xc1, 0x80, 0, 0, 0, 0], 1002),
        (&[0x83, 0x80, 0, 0, 0, 0], 1002),
        (&[0x81, 0x81, 0, 0, 0, 0, 0xff], 1007),
        (&[0x82, 0xff, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0], 1009),
    ];
    calls_of_a_client(&server, &mut calls, cases).await;
}

async fn calls_of_a_client(server: &ServerHandle, calls: &mut Calls, cases: [(&[u8], u16); 5]) {
    let mut first = true;
    for (id, (bytes, code)) in (1..).zip(cases) {
        let mut client = RawClient::join(server.addr(), "/ws/1").await;
        client.write(bytes).await;
        assert_eq!(client.read_close().await, code, "{bytes:?}");
        assert_eq!(client.read_to_end().await, 0, "{bytes:?}");
        if std::mem::take(&mut first) {
            calls.expect([Call::New("1".into())]).await;
        }
        // The service has heard of the client, and of nothing that it sent.
        calls.expect([Call::Connect("1".into(), id), Call::Disconnect("1".into(), id)]).await;
    }
}

#[tokio::test]
async fn a_close_is_answered_with_its_code_and_nothing_after_it_counts() {
    let (server, mut calls) = start();
    let mut client = RawClient::join(server.addr(), "/ws/1").await;
    client.send(0x88, &4000u16.to_be_bytes()).await;
    client.send(0x81, b"too late").await;
    assert_eq!(client.read_close().await, 4000);
    assert_eq!(client.read_to_end().await, 0);
    let (connect, disconnect) = (Call::Connect("1".into(), 1), Call::Disconnect("1".into(), 1));
    calls.expect([Call::New("1".into()), connect, disconnect]).await;
}

#[tokio::test]
async fn frames_that_come_with_the_upgrade_are_delivered() {
    let (server, _calls) = start();
    let mut client = RawClient::connect(server.addr()).await;
    // In one segment, and the next frame cut by its end.
    let early = b"\x81\x8a\0\0\0\0echo early\x81\x89\0\0\0\0echo";
    client.write(&[RawClient::handshake("/ws/1").as_bytes(), early].concat()).await;
    assert_eq!(client.read_status().await, 101);
    assert_eq!(client.read().await, (0x81, b"early".to_vec()));
    client.write(b" late").await;
    assert_eq!(client.read().await, (0x81, b"late".to_vec()));
}

#[tokio::test]
async fn a_burst_of_pings_costs_nobody_the_connection() {
    let (server, _calls) = start();
    let mut client = RawClient::join(server.addr(), "/ws/1").await;
    let pings: Vec<u8> = [0x89, 0x80, 0, 0, 0, 0].repeat(5_000);
    client.write(&pings).await;
    client.send(0x81, b"echo still here").await;
    loop {
        match client.read().await {
            (0x8a, _) => {}
            answer => break assert_eq!(answer, (0x81, b"still here".to_vec())),
        }
    }
}

#[tokio::test]
async fn a_ping_is_answered() {
    let (server, _calls) = start();
    let mut client = Client::join(server.addr(), "/ws/1").await;
    client.ping(b"payload").await;
    client.ping(b"").await;
}

#[tokio::test]
async fn messages_wait_while_the_room_is_busy_and_none_is_lost() {
    let (server, mut calls) = start();
    let mut client = RawClient::join(server.addr(), "/ws/1").await;
    client.send(0x81, b"wait").await;
    // More than the inbox holds, so that the rest stays in the socket.
    let messages = 3_000;
    let writer = async {
        let mut frames = Vec::new();
        for n in 0..messages {
            let text = format!("n {n}");
            frames.extend([0x81, 0x80 | text.len() as u8, 0, 0, 0, 0]);
            frames.extend(text.as_bytes());
        }
        client.write(&frames).await;
    };
    let reader = async {
        for expected in ["New", "Connect", "wait"] {
            let call = format!("{:?}", calls.next().await);
            assert!(call.contains(expected), "{call}");
        }
        calls.release();
        for n in 0..messages {
            let message = Call::Message("1".into(), 1, format!("n {n}"));
            assert_eq!(calls.next().await, message);
        }
    };
    tokio::join!(writer, reader);
}
