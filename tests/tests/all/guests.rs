use jamsocket_tests::{Client, Jamsocket, Package, Refused, Serving, http};
use std::{fs, process::Command};

const MEBIBYTE: u64 = 1 << 20;

/// A module whose memory has so many pages from the start, and which does this with a message of a
/// client.
fn module(pages: u32, message: &str) -> String {
    format!(
        r#"(module
          (import "env" "send_message" (func $send_message (param i32 i32 i32)))
          (import "env" "send_binary" (func $send_binary (param i32 i32 i32)))
          (memory (export "memory") {pages})
          (data (i32.const 16) "done")
          (func (export "jam_malloc") (param i32) (result i32) (i32.const 4096))
          (func (export "jam_free") (param i32 i32))
          (func (export "initialize") (param i32 i32))
          (func (export "connect") (param i32))
          (func (export "disconnect") (param i32))
          (func (export "timer"))
          (func (export "binary") (param i32 i32 i32))
          (func (export "message") (param i32 i32 i32)
            (local $page i32)
            {message}
            (call $send_message (local.get 0) (i32.const 16) (i32.const 4))))"#
    )
}

/// Serves a module by the command.
fn serve(wat: &str, flags: &str) -> (Package, Serving) {
    let package = Package::with_files(&[("guest.wat", wat)]);
    let serve = format!("serve guest.wat --port 0 {flags}");
    let serving = Jamsocket::new(package.folder(), &serve).serve();
    (package, serving)
}

/// So many bytes of a process, by the name that `/proc` has for them.
fn bytes_of(serving: &Serving, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", serving.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    let kib: u64 = line.trim_matches([':', '\t', ' ']).trim_end_matches(" kB").parse().unwrap();
    kib << 10
}

/// From here on the process can have no more than this of a resource.
fn limit(serving: &Serving, resource: &str, bytes: u64) {
    let mut prlimit = Command::new("prlimit");
    prlimit.arg(format!("--pid={}", serving.id())).arg(format!("--{resource}={bytes}"));
    assert!(prlimit.status().unwrap().success());
}

async fn room(serving: &Serving, n: u32) -> Result<Client, Refused> {
    Client::try_join(serving.addr, &format!("/ws/{n}")).await
}

#[tokio::test]
async fn rooms_that_take_all_memory_they_get_have_no_more_of_it_than_they_may() {
    // Takes page after page and writes to each.
    let bomb = "(loop $next
                  (local.set $page (memory.grow (i32.const 1)))
                  (if (i32.ne (local.get $page) (i32.const -1))
                    (then
                      (memory.fill (i32.mul (local.get $page) (i32.const 65536))
                        (i32.const 7) (i32.const 65536))
                      (br $next))))";
    let flags = "--memory-bytes 32MiB --total-memory-bytes 128MiB --run-time 1min --wall-time 1min";
    let (_package, serving) = serve(&module(1, bomb), flags);
    let mut warm = room(&serving, 0).await.unwrap();
    let before = bytes_of(&serving, "VmRSS");

    warm.say("").await;
    assert_eq!(warm.hear().await, "done");
    let alone = bytes_of(&serving, "VmRSS") - before;
    assert!((30 * MEBIBYTE..36 * MEBIBYTE).contains(&alone), "one room has {alone}");

    let mut rooms = Vec::new();
    for n in 1..20 {
        // All of them start with a page.
        rooms.push(room(&serving, n).await.unwrap());
    }
    for client in &mut rooms {
        client.say("").await;
        assert_eq!(client.hear().await, "done");
    }
    let all = bytes_of(&serving, "VmRSS") - before;
    assert!((120 * MEBIBYTE..141 * MEBIBYTE).contains(&all), "twenty rooms have {all}");
    assert_eq!(http(serving.addr, "GET /status").await.body, "ok");
}

#[tokio::test]
async fn nothing_is_allocated_by_a_length_that_a_guest_makes_up() {
    let sends = "(call $send_binary (i32.const 0) (i32.const 1) (i32.const -1))";
    let (_package, serving) = serve(&module(1, sends), "--max-rooms 2");
    let mut client = room(&serving, 1).await.unwrap();
    // Four GiB more would be the process's end.
    limit(&serving, "as", bytes_of(&serving, "VmSize") + (1 << 30));
    client.say("").await;
    assert_eq!(client.hear_close().await, (1011, "the room has failed".into()));
    room(&serving, 1).await.unwrap();
    assert_eq!(http(serving.addr, "GET /status").await.body, "ok");
}

#[tokio::test]
async fn rooms_that_the_machine_has_no_memory_for_are_refused_and_the_others_go_on() {
    const ROOM: u64 = 16 * MEBIBYTE;
    let (_package, serving) =
        serve(&module(256, ""), "--max-rooms 100 --shutdown-policy immediate");
    let mut first = room(&serving, 0).await.unwrap();
    // The kernel gives memory for some more rooms, and the rest for the server.
    limit(&serving, "data", bytes_of(&serving, "VmData") + 5 * ROOM + ROOM / 2);
    let mut rooms = Vec::new();
    let refused = loop {
        match room(&serving, 1 + rooms.len() as u32).await {
            Ok(client) => rooms.push(client),
            Err(refused) => break refused,
        }
    };
    assert_eq!((refused.status, refused.retry_after.as_deref()), (503, Some("1")));
    let text = "the machine has no place for another room: Cannot allocate memory (os error 12)\n";
    assert_eq!(refused.text, text);
    assert!((1..=5).contains(&rooms.len()), "{}", rooms.len());
    for client in rooms.iter_mut().chain([&mut first]) {
        client.say("").await;
        assert_eq!(client.hear().await, "done");
    }
    assert_eq!(http(serving.addr, "GET /status").await.body, "ok");
    // A place that was left is taken again.
    rooms.pop().unwrap().leave().await;
    while room(&serving, 50).await.is_err() {
        tokio::task::yield_now().await;
    }
}
