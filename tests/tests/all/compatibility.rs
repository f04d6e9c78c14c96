use api_0_1::{LastWords, OnlyBuild, by_fields, by_setters};
use jamsocket_server::{Server, ServiceActorContext};
use jamsocket_tests::{Client, build_guest, workspace_root};
use jamsocket_wasm_host::WasmHostFactory;

#[tokio::test]
async fn code_written_against_0_1_serves() {
    for server in [by_setters(), by_fields()] {
        let server = server.start(OnlyBuild { declines: "no".into() }).unwrap();
        let mut ann = Client::join(server.addr(), "/ws/here").await;
        assert_eq!(ann.hear().await, "this is here");
        ann.say("one").await;
        ann.say("two").await;
        assert_eq!(ann.hear().await, "1 said one");
        ann.say_binary(b"bytes").await;
        assert_eq!(ann.hear_binary().await, b"bytes");
        let mut declined = Client::join(server.addr(), "/ws/no").await;
        assert_eq!(declined.hear_close().await.0, 1011);
    }
}

#[test]
fn the_ways_to_serve_of_0_1_are_there() {
    // A server that cannot start ends at once, and says why.
    let refused = api_0_1::serve(Server::new().with_port(70_000)).unwrap_err();
    assert_eq!(refused.to_string(), "70000 is no port: ports are 0 to 65535");
    let _: fn() -> std::io::Result<()> = api_0_1::SERVE;
    let refused = Server::new().with_port(70_000).serve_default::<LastWords>().unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::InvalidInput);
}

#[tokio::test]
async fn modules_built_from_published_crates_load_and_run_unchanged() {
    for fixture in ["published-jamsocket", "published-stateroom"] {
        let module = build_guest(&workspace_root().join("tests/fixtures").join(fixture));
        let factory = WasmHostFactory::<ServiceActorContext>::new(module).unwrap();
        let server = Server::new().with_port(0).start(factory).unwrap();
        let mut ann = Client::join(server.addr(), "/ws/here").await;
        assert_eq!(ann.hear().await, "here welcomes 1", "{fixture}");
        let mut bob = Client::join(server.addr(), "/ws/here").await;
        for client in [&mut ann, &mut bob] {
            assert_eq!(client.hear().await, "here welcomes 2");
        }
        ann.say("hello").await;
        assert_eq!(ann.hear().await, "hello");
        ann.say_binary(&[0, 255]).await;
        assert_eq!(ann.hear_binary().await, [0, 255]);
        ann.say("timer").await;
        for client in [&mut ann, &mut bob] {
            assert_eq!(client.hear().await, "the timer fired");
        }
        bob.leave().await;
        assert_eq!(ann.hear().await, "2 has left");
        ann.say("panic").await;
        assert_eq!(ann.hear_close().await.0, 1011);
    }
}
