//! Each against a real process, whose memory is looked at.

use futures_util::future::join_all;
use jamsocket_tests::{Client, Jamsocket, Process, RawClient, Serving, frame, unruly, until};
use std::{net::SocketAddr, path::Path};

/// What an outbox and an inbox may hold by default, in KiB.
const OUTBOX: u64 = 4 << 10;
const INBOX: u64 = 4 << 10;

/// By how much memory may grow for no reason of a test's own, in KiB: what the allocator keeps, and
/// what came into use for the first time.
const SLACK: u64 = 16 << 10;

/// The header of a frame that is to be this long, and its mask.
fn header(length: u64) -> Vec<u8> {
    [&[0x82, 0x80 | 127], &length.to_be_bytes()[..], &[0; 4]].concat()
}

/// A server of the room that does what it is told.
fn serve() -> (Serving, SocketAddr, Process) {
    let arguments = format!("serve {} --port 0 --workers 2", unruly().display());
    let serving = Jamsocket::new(Path::new("/"), &arguments).serve();
    let (addr, process) = (serving.addr, serving.process());
    process.forget_peak();
    (serving, addr, process)
}

#[track_caller]
fn assert_grew_by_at_most(bound: u64, process: &Process, before: u64) {
    let grown = process.peak().saturating_sub(before);
    assert!(grown <= bound, "memory grew by {grown} KiB, from {before}; {bound} are allowed");
}

/// How many have come into the client's room, and how many have left it.
async fn clients(client: &mut Client) -> (usize, usize) {
    client.say("clients").await;
    let counted = client.hear().await;
    let (came, left) = counted.split_once(' ').unwrap();
    (came.parse().unwrap(), left.parse().unwrap())
}

/// Floods a room in which some read nothing, until those have left, and no longer.
async fn readers_hear_all_while_others_read_nothing(slow: usize) {
    const READERS: usize = 3;
    let (_serving, addr, process) = serve();
    let mut readers = Vec::new();
    for _ in 0..READERS {
        readers.push(Client::join(addr, "/ws/1").await);
    }
    let mut others = Vec::new();
    for _ in 0..slow {
        others.push(RawClient::join(addr, "/ws/1").await);
    }
    let before = process.resident();
    let mut number = 0;
    loop {
        readers[0].say("flood 16 65536").await;
        join_all(readers.iter_mut().map(async |reader| {
            for next in number + 1..=number + 16 {
                let heard = reader.hear().await;
                assert_eq!((heard.len(), heard.trim_end()), (65_536, next.to_string().as_str()));
            }
        }))
        .await;
        number += 16;
        let (came, left) = clients(&mut readers[0]).await;
        assert_eq!(came, READERS + slow);
        if left == slow {
            break;
        }
        // Their sockets and the buffers of those take some mebibytes each, and then an outbox.
        assert!(number < 2_000, "{left} of {slow} have left after {number} messages");
    }
    // However many they are, what waits for them is the same: a message is there once.
    assert_grew_by_at_most(2 * OUTBOX + SLACK, &process, before);
    // Once each, and nobody else.
    readers[0].say("flood 16 65536").await;
    for _ in 0..16 {
        readers[0].hear().await;
    }
    assert_eq!(clients(&mut readers[0]).await, (READERS + slow, slow));
}

#[tokio::test]
async fn readers_hear_all_while_one_other_reads_nothing() {
    readers_hear_all_while_others_read_nothing(1).await;
}

#[tokio::test]
async fn readers_hear_all_while_twenty_others_read_nothing() {
    readers_hear_all_while_others_read_nothing(20).await;
}

#[tokio::test]
async fn frames_that_are_said_to_be_long_are_refused_before_they_come() {
    const EACH: usize = 10;
    let (_serving, addr, process) = serve();
    let mut ann = Client::join(addr, "/ws/1").await;
    let before = process.resident();
    let mut clients = Vec::new();
    for (length, code) in
        [((1 << 20) + 1, 1009), (1 << 30, 1009), ((1 << 63) - 1, 1009), (1 << 63, 1002)]
    {
        for _ in 0..EACH {
            clients.push(async move {
                let mut client = RawClient::join(addr, "/ws/long").await;
                client.write(&header(length)).await;
                assert_eq!(client.read_close().await, code, "{length}");
                let sent = client.repeat(&[0; 64 << 10], 100_000).await;
                assert!(sent < 100_000, "{length}: nobody ends this");
            });
        }
    }
    join_all(clients).await;
    assert_grew_by_at_most(SLACK, &process, before);
    ann.say("echo here").await;
    assert_eq!(ann.hear().await, "here");
}

#[tokio::test]
async fn a_message_of_crumbs_comes_to_an_end() {
    let (_serving, addr, process) = serve();
    let before = process.resident();
    for fragment in [&b"x"[..], b""] {
        let mut client = RawClient::join(addr, "/ws/1").await;
        client.write(&frame(0x02, fragment)).await;
        let crumbs = frame(0x00, fragment).repeat(64);
        // It is closed after 65,537; what comes after that is of no account.
        client.repeat(&crumbs, 1_023).await;
        client.write(&frame(0x00, fragment).repeat(63)).await;
        client.send(0x89, b"still open").await;
        assert_eq!(client.read().await, (0x8a, b"still open".to_vec()));
        client.write(&frame(0x00, fragment).repeat(2)).await;
        assert_eq!(client.read_close().await, 1008);
    }
    assert_grew_by_at_most(SLACK, &process, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn floods_that_nobody_reads_the_answers_of_hold_nobody_up() {
    const FLOODERS: u64 = 8;
    let (_serving, addr, process) = serve();
    let mut ann = Client::join(addr, "/ws/quiet").await;
    let before = process.resident();
    // They end with the set, and not before: who is cut off comes back.
    let mut floods = tokio::task::JoinSet::new();
    for n in 0..FLOODERS {
        let frames = match n % 4 {
            0 | 1 => frame(0x89, &[b'p'; 125]),
            2 => frame(0x81, b"echo x"),
            _ => frame(0x81, b""),
        };
        floods.spawn(async move {
            loop {
                let mut client = RawClient::join(addr, &format!("/ws/{}", n % 2)).await;
                client.repeat(&frames.repeat(100), 10_000).await;
            }
        });
    }
    for n in 0..20 {
        ann.say(&format!("echo {n}")).await;
        assert_eq!(ann.hear().await, n.to_string());
    }
    assert_eq!(floods.len() as u64, FLOODERS);
    assert!(floods.try_join_next().is_none(), "a flooder has given up");
    assert_grew_by_at_most(FLOODERS * OUTBOX + 2 * INBOX + SLACK, &process, before);
}

#[tokio::test]
async fn clients_that_come_and_go_in_every_way_leave_nothing_behind() {
    const ROUNDS: usize = 40;
    let (serving, addr, process) = serve();
    let mut ann = Client::join(addr, "/ws/1").await;
    let before = process.holdings();
    for _ in 0..ROUNDS {
        Client::join(addr, "/ws/1").await.leave().await;
        Client::join(addr, "/ws/1").await.vanish();
        RawClient::join(addr, "/ws/1").await.reset();
        RawClient::connect(addr).await.reset();
        let mut unread = RawClient::connect(addr).await;
        unread.request("/ws/1").await;
        unread.reset();
        let mut partial = RawClient::connect(addr).await;
        partial.write(b"GET /ws/1 HTTP/1.1\r\nHost: loc").await;
        partial.reset();
    }
    until("all descriptors to be closed", async || process.descriptors() <= before.descriptors)
        .await;
    assert_eq!(process.threads(), before.threads);
    // Those that were reset before they were answered may have been in, or not.
    let (mut came, mut left) = (0, 1);
    while came != left + 1 {
        (came, left) = clients(&mut ann).await;
    }
    assert!((3 * ROUNDS..=4 * ROUNDS).contains(&left), "{left}");
    assert_grew_by_at_most(SLACK, &process, before.resident);
    assert_eq!(serving.lines_so_far(), [""; 0], "none of it is worth a line");
}
