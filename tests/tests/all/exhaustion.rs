use jamsocket_tests::{Client, Jamsocket, RawClient, guest};
use std::{path::Path, time::Duration};

fn serve_echo(flags: &str) -> Jamsocket {
    let arguments = format!("serve {} --port 0 {flags}", guest("echo").display());
    Jamsocket::new(Path::new("/"), &arguments)
}

#[tokio::test]
async fn a_server_without_file_descriptors_serves_whom_it_has_and_takes_others_later() {
    let serving = serve_echo("--workers 2").within("ulimit -n 64").serve();
    let mut ann = Client::join(serving.addr, "/ws/1").await;
    let mut crowd = Vec::new();
    for _ in 0..200 {
        let mut client = RawClient::connect(serving.addr).await;
        client.request("/ws/crowd").await;
        crowd.push(client);
    }
    serving.line_with("Too many open files");

    // For a second, it waits in the main: neither the processor nor the log is kept busy.
    let before = serving.process().ticks();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let ticks = serving.process().ticks() - before;
    assert!(ticks < 20, "it has used {ticks} ticks of the 100 that a second has");
    let lines = serving.lines_so_far();
    assert!(lines.len() < 10, "{lines:?}");

    ann.say("still here").await;
    assert_eq!(ann.hear().await, "still here");
    drop(crowd);
    let mut bob = Client::join(serving.addr, "/ws/1").await;
    bob.say("there is room").await;
    assert_eq!(bob.hear().await, "there is room");
    serving.signal("TERM");
    for client in [&mut ann, &mut bob] {
        assert_eq!(client.hear_close().await.0, 1001);
    }
    assert_eq!(serving.code().await, 0);
}

#[test]
fn a_server_that_cannot_start_its_workers_ends_and_says_so() {
    // From too few for anything to too few for the last of its workers.
    for descriptors in [8, 12, 16, 18] {
        let output = serve_echo("--workers 2").within(&format!("ulimit -n {descriptors}")).run();
        assert_eq!(output.code, 1, "{descriptors}: {}", output.stderr);
        assert!(!output.stderr.contains("Serving"), "{descriptors}: {}", output.stderr);
        assert!(output.stderr.contains("error: cannot start"), "{descriptors}: {}", output.stderr);
    }
}

#[test]
fn an_address_space_that_is_too_small_for_the_rooms_is_told() {
    let output = serve_echo("--max-rooms 10").within("ulimit -v 4000000").run();
    assert_eq!(output.code, 1, "{}", output.stderr);
    let said: Vec<_> = output.stderr.lines().collect();
    assert!(said[0].starts_with("error: cannot make an engine of 10 rooms"), "{said:?}");
    assert_eq!(said.len(), 1, "{said:?}");
}
