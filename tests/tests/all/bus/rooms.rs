use super::peers::{Echo, Web};
use jamsocket_server::{Server, ServerHandle, ServiceActorContext};
use jamsocket_tests::{Client, guest};
use jamsocket_wasm_host::{Bus, Grants, WasmEngine, WasmHostFactory};
use std::collections::HashMap;

/// A server of an example's rooms, which may reach these URLs.
fn start(example: &str, urls: &[&str]) -> ServerHandle {
    let engine = WasmEngine::shared().unwrap();
    let bus = Bus::new(&engine, HashMap::new(), Grants::default());
    let net = urls.iter().map(|url| url.parse().unwrap()).collect();
    let factory = WasmHostFactory::<ServiceActorContext>::new_in(&engine, guest(example)).unwrap();
    let factory = factory.with_bus(&bus, Grants { net, ..Grants::default() });
    Server::new().with_port(0).start(factory).unwrap()
}

#[tokio::test]
async fn a_room_fetches_a_page_and_goes_on_meanwhile() {
    let web = Web::start(None);
    let url = format!("http://{}/", web.addr);
    let server = start("fetch", &[&url]);
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
}

#[tokio::test]
async fn what_a_room_has_asked_for_ends_with_the_room() {
    let (addr, connected) = super::peers::mute().await;
    let url = format!("http://{addr}/");
    let server = start("fetch", &[&url]);
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
    let server = start("bridge", &[&url]);
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
