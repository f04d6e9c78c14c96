use super::peers::{Echo, Web};
use jamsocket_server::{Server, ServerHandle, ServiceActorContext};
use jamsocket_tests::{Client, Metrics, guest};
use jamsocket_wasm_host::{Bus, Grants, Program, WasmEngine, WasmHostFactory};

/// A server of an example's rooms, which may reach these URLs, and these programs of examples.
fn start(example: &str, urls: &[&str], programs: &[&str]) -> ServerHandle {
    let engine = WasmEngine::shared().unwrap();
    let load = |name: &&str| (name.to_string(), Program::load(&engine, guest(name)).unwrap());
    let bus = Bus::new(&engine, programs.iter().map(load).collect(), Grants::default());
    let grants = Grants {
        net: urls.iter().map(|url| url.parse().unwrap()).collect(),
        programs: programs.iter().map(ToString::to_string).collect(),
        rooms: Vec::new(),
    };
    let factory = WasmHostFactory::<ServiceActorContext>::new_in(&engine, guest(example)).unwrap();
    let server = Server::new().with_port(0).with_admin(0);
    server.start(factory.with_bus(&bus, grants)).unwrap()
}

#[tokio::test]
async fn a_room_fetches_a_page_and_goes_on_meanwhile() {
    let web = Web::start(None);
    let url = format!("http://{}/", web.addr);
    let server = start("fetch", &[&url], &[]);
    let mut ann = Client::join(server.addr(), "/ws/1").await;
    let mut bob = Client::join(server.addr(), "/ws/1").await;
    for count in 1..4 {
        ann.say(&url).await;
        assert_eq!(ann.hear().await, "fetching");
        let fetched = format!("{count}. {url}: 200 ");
        for client in [&mut ann, &mut bob] {
            let heard = client.hear().await;
            assert!(heard.starts_with(&fetched) && heard.ends_with(" hello"), "{heard}");
        }
    }
    bob.say("http://10.0.0.1/").await;
    assert_eq!(bob.hear().await, "fetching");
    let heard = bob.hear().await;
    assert!(heard.ends_with("the host does not allow the call"), "{heard}");
    Metrics::until(server.admin_addrs()[0], "jamsocket_denied_calls_total", 1.0).await;
}

#[tokio::test]
async fn what_a_room_has_asked_for_ends_with_the_room() {
    let (addr, connected) = super::peers::mute().await;
    let url = format!("http://{addr}/");
    let server = start("fetch", &[&url], &[]);
    let mut ann = Client::join(server.addr(), "/ws/1").await;
    ann.say(&url).await;
    connected.await.unwrap();
    // It does not wait for the peer.
    server.stop();
    assert_eq!(ann.hear().await, "fetching");
    assert_eq!(ann.hear_close().await.0, 1001);
}

#[tokio::test]
async fn a_room_is_bridged_to_another_server() {
    let echo = Echo::start().await;
    let url = format!("ws://{}/", echo.addr);
    let server = start("bridge", &[&url], &[]);
    let mut ann = Client::join(server.addr(), "/ws/1").await;
    let mut bob = Client::join(server.addr(), "/ws/1").await;
    ann.say("hello").await;
    assert_eq!(ann.hear().await, "not connected");
    ann.say(&format!("connect {url}")).await;
    for client in [&mut ann, &mut bob] {
        assert_eq!(client.hear().await, "connected");
    }
    for said in ["hello", "bye"] {
        bob.say(said).await;
        for client in [&mut ann, &mut bob] {
            assert_eq!(client.hear().await, said);
        }
    }
    for client in [&mut ann, &mut bob] {
        assert_eq!(client.hear().await, "disconnected");
    }
    ann.say("connect ws://10.0.0.1/").await;
    let heard = ann.hear().await;
    assert!(heard.contains("did not open the connection"), "{heard}");
}

#[tokio::test]
async fn a_program_calculates_for_all_rooms_and_tells_how_far_it_is() {
    let server = start("calculator-room", &[], &["calculator"]);
    let mut ann = Client::join(server.addr(), "/ws/1").await;
    let mut bob = Client::join(server.addr(), "/ws/2").await;
    for client in [&mut ann, &mut bob] {
        client.say("2 + 3").await;
        assert_eq!(client.hear().await, "2 + 3 = 5");
    }
    ann.say("primes 1000").await;
    for percent in 1..=10 {
        assert_eq!(ann.hear().await, format!("{percent}0 %"));
    }
    assert_eq!(ann.hear().await, "primes 1000 = 168");
    bob.say("what").await;
    assert_eq!(bob.hear().await, "try `2 + 3`, or `primes 1000`");
    let server = start("calculator-room", &[], &[]);
    let mut eve = Client::join(server.addr(), "/ws/1").await;
    eve.say("2 + 3").await;
    assert_eq!(eve.hear().await, "2 + 3: there is no module, or room, of that name");
}
