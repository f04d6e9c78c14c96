use jamsocket_tests::{Client, Jamsocket, Package, RawClient, guest};
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

#[tokio::test]
async fn with_little_address_space_there_are_fewer_rooms_which_is_said_at_the_start() {
    for gib in [1, 4] {
        let serving = serve_echo("").within(&format!("ulimit -v {}", gib << 20)).serve_with_lines();
        let (serving, said) = serving;
        let held = said.iter().find_map(|line| line.split_once(" can hold "));
        let (_, held) = held.unwrap_or_else(|| panic!("{said:?}"));
        let bound = format!("an address space of {gib}GiB (ulimit -v) allows");
        assert!(held.contains(&bound) && held.contains("`memory_bytes`"), "{held}");
        let rooms: usize = held.split(' ').next().unwrap().parse().unwrap();
        assert!(rooms > 0, "{held}");
        // All of them are there, with clients, and the next is refused.
        let mut clients = Vec::new();
        for room in 0..rooms {
            clients.push(Client::join(serving.addr, &format!("/ws/{room}")).await);
        }
        let refused = Client::try_join(serving.addr, "/ws/another").await.unwrap_err();
        assert_eq!(refused.status, 503);
        assert!(refused.text.contains(&bound), "{refused:?}");
        for client in &mut clients {
            client.say("hello").await;
            assert_eq!(client.hear().await, "hello");
        }
        serving.stop().await;
    }
}

#[tokio::test]
async fn as_many_rooms_as_have_4_gib_each_are_as_fast_as_ever_and_more_are_checked() {
    for (rooms, is_checked) in [(2, false), (4, true)] {
        let flags = format!("--max-rooms {rooms}");
        let (serving, said) = serve_echo(&flags).within("ulimit -v 16777216").serve_with_lines();
        let said = said.join("\n");
        assert_eq!(
            said.contains("there is no address space for 4GiB a room"),
            is_checked,
            "{said}"
        );
        assert_eq!(said.contains("with a `max_rooms` of 3"), is_checked, "{said}");
        let mut ann = Client::join(serving.addr, "/ws/1").await;
        ann.say("hello").await;
        assert_eq!(ann.hear().await, "hello");
    }
}

#[tokio::test]
async fn a_guest_with_little_address_space_reaches_its_own_memory_and_no_more() {
    // `message` stores at the number that the text begins with, in little endian; `binary` grows the memory.
    let room = Package::with_files(&[(
        "room.wat",
        r#"(module
            (import "env" "send_message" (func $send (param i32 i32 i32)))
            (memory (export "memory") 1)
            (data (i32.const 8) "ok")
            (func (export "jam_malloc") (param i32) (result i32) (i32.const 1024))
            (func (export "jam_free") (param i32 i32))
            (func (export "initialize") (param i32 i32))
            (func (export "connect") (param i32))
            (func (export "disconnect") (param i32))
            (func (export "timer"))
            (func (export "message") (param i32 i32 i32) unreachable)
            (func (export "binary") (param $client i32) (param $at i32) (param i32)
              (drop (memory.grow (i32.const 31)))
              (if (i32.ne (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable))
              (i32.store (i32.load (local.get $at)) (i32.const 7))
              (call $send (local.get $client) (i32.const 8) (i32.const 2))))"#,
    )]);
    let path = room.folder().join("room.wat");
    let arguments = format!("serve {} --port 0 --memory-bytes 2MiB", path.display());
    let serving = Jamsocket::new(room.folder(), &arguments).within("ulimit -v 2097152").serve();
    let mut neighbour = Client::join(serving.addr, "/ws/neighbour").await;
    // The last word of the 2 MiB, across their end, behind them, in the guard, and at the very end.
    let end: u32 = 2 << 20;
    for (address, is_there) in [
        (end - 4, true),
        (end - 3, false),
        (end, false),
        (end + (64 << 10), false),
        (end + (1 << 20), false),
        (u32::MAX - 3, false),
    ] {
        let mut ann = Client::join(serving.addr, &format!("/ws/{address}")).await;
        ann.say_binary(&address.to_le_bytes()).await;
        let heard = ann.hear_text_or_close().await;
        assert_eq!(heard, if is_there { Ok("ok".to_owned()) } else { Err(1011) }, "{address}");
    }
    neighbour.say_binary(&8u32.to_le_bytes()).await;
    assert_eq!(neighbour.hear().await.len(), 2);
}

#[test]
fn the_memory_of_all_rooms_is_half_of_what_the_process_may_have() {
    for (ulimit, default) in [("ulimit -v 2097152", "1GiB"), ("ulimit -d 1048576", "512MiB")] {
        let help = Jamsocket::new(Path::new("/"), "serve --help").within(ulimit).run().stdout;
        let of_all = help.split("--total-memory-bytes").nth(1).unwrap();
        let said = format!("[default: {default}]");
        assert!(of_all.lines().nth(1).unwrap().ends_with(&said), "{ulimit}: {of_all}");
    }
}

#[test]
fn an_address_space_that_is_too_small_for_a_room_is_told() {
    let output = serve_echo("--max-rooms 10").within("ulimit -v 400000").run();
    assert_eq!(output.code, 1, "{}", output.stderr);
    let expected = "error: an address space of 390MiB (ulimit -v) has no place for a single room, \
                    which takes 66MiB: raise that bound, or lower `memory_bytes`\n";
    assert_eq!(output.stderr, expected);
}
