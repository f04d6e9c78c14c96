use jamsocket::{JamsocketServiceFactory, SimpleJamsocketService, SimpleJamsocketServiceFactory};
use jamsocket_server::{Server, ServerHandle, ServiceActorContext};
use jamsocket_tests::{Client, wasm_factory};

fn start<F: JamsocketServiceFactory<ServiceActorContext>>(factory: F) -> ServerHandle {
    Server::new().with_port(0).start(factory).unwrap()
}

fn native<S: SimpleJamsocketService>() -> ServerHandle {
    start(SimpleJamsocketServiceFactory::<S, _>::default())
}

fn wasm(example: &str) -> ServerHandle {
    start(wasm_factory(example))
}

/// One body, run natively and in the sandbox.
macro_rules! both {
    ($($test:ident: $service:ty, $example:literal;)*) => {
        mod native {
            $(#[tokio::test]
            async fn $test() {
                super::$test(super::native::<$service>()).await;
            })*
        }
        mod wasm {
            $(#[tokio::test]
            async fn $test() {
                super::$test(super::wasm($example)).await;
            })*
        }
    };
}

both! {
    everyone_in_a_room_sees_the_same_count_and_nobody_elsewhere: counter::SharedCounterServer, "counter";
    messages_of_one_client_keep_their_order: counter::SharedCounterServer, "counter";
    a_room_keeps_its_state_while_nobody_is_in: counter::SharedCounterServer, "counter";
    an_echo_goes_to_its_sender_alone: echo::EchoService, "echo";
    empty_and_long_messages_come_back_whole: echo::EchoService, "echo";
    bytes_come_back_as_bytes: binary_echo::BinaryEchoService, "binary-echo";
    a_chat_names_its_guests: chat::Chat, "chat";
    a_clock_ticks_for_everyone: clock::Clock, "clock";
    a_drawing_is_for_the_others_and_for_who_comes_later: cursors::Cursors, "cursors";
    a_drawing_that_grows_too_long_loses_its_oldest_line: cursors::Cursors, "cursors";
}

async fn everyone_in_a_room_sees_the_same_count_and_nobody_elsewhere(server: ServerHandle) {
    let mut ann = Client::join(server.addr(), "/ws/1").await;
    let mut bob = Client::join(server.addr(), "/ws/1").await;
    let mut eve = Client::join(server.addr(), "/ws/2").await;
    ann.say("increment").await;
    for client in [&mut ann, &mut bob] {
        assert_eq!(client.hear().await, "new value: 1");
    }
    bob.say("increment").await;
    for client in [&mut ann, &mut bob] {
        assert_eq!(client.hear().await, "new value: 2");
    }
    // What she hears first is her own room's first.
    eve.say("increment").await;
    assert_eq!(eve.hear().await, "new value: 1");
}

async fn messages_of_one_client_keep_their_order(server: ServerHandle) {
    let mut ann = Client::join(server.addr(), "/ws/1").await;
    for _ in 0..500 {
        ann.say("increment").await;
    }
    for n in 1..=500 {
        assert_eq!(ann.hear().await, format!("new value: {n}"));
    }
}

async fn a_room_keeps_its_state_while_nobody_is_in(server: ServerHandle) {
    for n in 1..=2 {
        let mut ann = Client::join(server.addr(), "/ws/1").await;
        ann.say("increment").await;
        assert_eq!(ann.hear().await, format!("new value: {n}"));
        ann.leave().await;
    }
}

async fn an_echo_goes_to_its_sender_alone(server: ServerHandle) {
    let mut ann = Client::join(server.addr(), "/ws/1").await;
    let mut bob = Client::join(server.addr(), "/ws/1").await;
    ann.say("from ann").await;
    assert_eq!(ann.hear().await, "from ann");
    bob.say("from bob").await;
    assert_eq!(bob.hear().await, "from bob");
}

async fn empty_and_long_messages_come_back_whole(server: ServerHandle) {
    let mut ann = Client::join(server.addr(), "/ws/1").await;
    for length in [0, 1, 125, 126, 65_535, 65_536, 1 << 20] {
        let text = "x".repeat(length);
        ann.say(&text).await;
        assert!(ann.hear().await == text, "{length} characters of text");
        ann.say_binary(text.as_bytes()).await;
        assert!(ann.hear_binary().await == text.as_bytes(), "{length} bytes");
    }
}

async fn bytes_come_back_as_bytes(server: ServerHandle) {
    let mut ann = Client::join(server.addr(), "/ws/1").await;
    let every_byte: Vec<u8> = (0..=255).collect();
    for bytes in [&every_byte[..], &[], &[0xff, 0xfe]] {
        ann.say_binary(bytes).await;
        assert_eq!(ann.hear_binary().await, bytes);
    }
}

async fn a_chat_names_its_guests(server: ServerHandle) {
    let mut ann = Client::join(server.addr(), "/ws/1").await;
    let welcome = ann.hear().await;
    assert!(welcome.contains("guest1"), "{welcome}");
    let mut bob = Client::join(server.addr(), "/ws/1").await;
    bob.hear().await;
    let arrival = ann.hear().await;
    assert!(arrival.contains("guest2"), "{arrival}");
    ann.say("hello").await;
    assert_eq!(bob.hear().await, "guest1: hello");
    assert_eq!(ann.hear().await, "guest1: hello");
    bob.leave().await;
    let departure = ann.hear().await;
    assert!(departure.contains("guest2"), "{departure}");
}

async fn a_clock_ticks_for_everyone(server: ServerHandle) {
    let mut ann = Client::join(server.addr(), "/ws/1").await;
    let mut bob = Client::join(server.addr(), "/ws/1").await;
    let bobs = bob.hear().await;
    let mut anns = vec![ann.hear().await, ann.hear().await];
    assert!(anns[0] < anns[1], "{anns:?}");
    // On a busy machine he may have come in some ticks later.
    while anns.last() < Some(&bobs) {
        anns.push(ann.hear().await);
    }
    assert!(anns.contains(&bobs), "{bobs} is not among {anns:?}");
}

async fn a_drawing_is_for_the_others_and_for_who_comes_later(server: ServerHandle) {
    let mut ann = Client::join(server.addr(), "/ws/1").await;
    assert_eq!(ann.hear_binary().await, [0, 0, 0, 1, 1]);
    let mut bob = Client::join(server.addr(), "/ws/1").await;
    assert_eq!(bob.hear_binary().await, [0, 0, 0, 2, 1]);
    ann.say_binary(&[0, 7, 1, 9, 9, 9, 9]).await;
    assert_eq!(bob.hear_binary().await, [0, 0, 0, 1, 0, 7, 1, 9, 9, 9, 9]);
    // There is no colour 8. What she hears first is what he draws, and not what she did.
    bob.say_binary(&[1, 8, 1, 8, 8, 8, 8]).await;
    bob.say_binary(&[1, 6, 1, 8, 8, 8, 8]).await;
    assert_eq!(ann.hear_binary().await, [0, 0, 0, 2, 1, 6, 1, 8, 8, 8, 8]);
    ann.leave().await;
    assert_eq!(bob.hear_binary().await, [0, 0, 0, 1, 3]);
    let mut eve = Client::join(server.addr(), "/ws/1").await;
    assert_eq!(eve.hear_binary().await, [0, 0, 0, 3, 1, 6, 1, 8, 8, 8, 8]);
    bob.say_binary(&[2]).await;
    assert_eq!(eve.hear_binary().await, [0, 0, 0, 2, 2]);
    let mut dan = Client::join(server.addr(), "/ws/1").await;
    assert_eq!(dan.hear_binary().await, [0, 0, 0, 4, 1]);
}

async fn a_drawing_that_grows_too_long_loses_its_oldest_line(server: ServerHandle) {
    let mut ann = Client::join(server.addr(), "/ws/1").await;
    let mut bob = Client::join(server.addr(), "/ws/1").await;
    bob.hear_binary().await;
    let longest = |colour| [&[1, colour, 255][..], &[0; 4 * 255]].concat();
    ann.say_binary(&longest(0)).await;
    bob.hear_binary().await;
    for _ in 1..256 {
        ann.say_binary(&longest(5)).await;
        bob.hear_binary().await;
    }
    let all = 256 * 1022;
    let mut eve = Client::join(server.addr(), "/ws/1").await;
    let seen = eve.hear_binary().await;
    assert_eq!((seen.len(), seen[5]), (5 + all, 0));
    ann.say_binary(&[1, 6, 1, 8, 8, 8, 8]).await;
    bob.hear_binary().await;
    let mut dan = Client::join(server.addr(), "/ws/1").await;
    let seen = dan.hear_binary().await;
    assert_eq!((seen.len(), seen[5]), (5 + all - 1022 + 6, 5));
    assert_eq!(seen[5 + all - 1022..], [6, 1, 8, 8, 8, 8]);
}
