use crate::support::{Recorder, Wat, echo, load_within, room_of, small};
use jamsocket::{BuildError, JamsocketService, JamsocketServiceFactory, ServiceError};
use jamsocket_wasm_host::{GuestLimits, WasmEngine, WasmHostFactory, WasmService};
use std::{future::poll_fn, pin::pin, task::Poll, time::Duration};

const PAGE: usize = 64 << 10;

/// Limits with so many bytes for all rooms.
fn in_all(total_memory_bytes: usize) -> GuestLimits {
    GuestLimits { total_memory_bytes, ..small() }
}

/// A guest of one page. `timer` grows it by another, or traps where that is refused.
fn growing() -> Wat {
    echo().doing(
        "timer",
        "(if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable))",
    )
}

/// A guest of one page. `timer` asks for another, and sends to everyone where that is refused, or
/// else to the client whose id is what `memory.grow` returns, and one.
fn asking() -> Wat {
    echo().doing(
        "timer",
        "(call $send_message
           (i32.add (memory.grow (i32.const 1)) (i32.const 1)) (i32.const 0) (i32.const 0))",
    )
}

/// Whether the room gets another page.
async fn gets_a_page(service: &mut WasmService<Recorder>, recorder: &Recorder) -> bool {
    service.timer().await.unwrap();
    match &recorder.take()[..] {
        [sent] if sent == r#"to everyone: """# => false,
        [sent] if sent.starts_with("to ") => true,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn assert_full(created: Result<WasmService<Recorder>, BuildError>, bound: &str) {
    let Err(BuildError::AtCapacity(text)) = created else { panic!("{created:?}") };
    let expected = "of memory for all rooms of WebAssembly modules (total_memory_bytes)";
    assert_eq!(text, format!("{bound} {expected}"));
}

#[tokio::test]
async fn rooms_share_their_memory_to_the_last_page() {
    let factory = load_within(in_all(4 * PAGE), &asking());
    let (mut ann, ann_said) = room_of(&factory).await;
    let (mut bob, bob_said) = room_of(&factory).await;
    assert!(gets_a_page(&mut ann, &ann_said).await);
    assert!(gets_a_page(&mut ann, &ann_said).await);
    // All four are taken, and both rooms go on.
    assert!(!gets_a_page(&mut ann, &ann_said).await);
    assert!(!gets_a_page(&mut bob, &bob_said).await);
    drop(ann);
    for _ in 0..3 {
        assert!(gets_a_page(&mut bob, &bob_said).await);
    }
    assert!(!gets_a_page(&mut bob, &bob_said).await);
}

#[tokio::test]
async fn a_room_is_created_while_its_first_memory_fits() {
    for (bytes, text) in [(2 * PAGE, "128KiB"), (3 * PAGE - 1, "196607")] {
        let factory = load_within(in_all(bytes), &echo());
        let (one, _) = room_of(&factory).await;
        let (_other, _) = room_of(&factory).await;
        assert_full(factory.create("third", Recorder::default()).await, text);
        drop(one);
        room_of(&factory).await;
    }
    let factory = load_within(in_all(3 * PAGE), &echo());
    let _three = (room_of(&factory).await, room_of(&factory).await, room_of(&factory).await);
}

#[tokio::test]
async fn modules_of_one_engine_share_their_memory() {
    let engine = WasmEngine::with_limits(in_all(3 * PAGE)).unwrap();
    let load = |wat: Wat| -> WasmHostFactory<Recorder> {
        WasmHostFactory::from_bytes_in(&engine, wat.text().as_bytes()).unwrap()
    };
    let small = load(echo());
    let large = load(echo().with("memory", r#"(memory (export "memory") 2)"#));
    let (_one, _) = room_of(&small).await;
    let (large_one, _) = room_of(&large).await;
    for factory in [&small, &large] {
        assert_full(factory.create("another", Recorder::default()).await, "192KiB");
    }
    drop(large_one);
    let (_other, _) = room_of(&small).await;
    assert_full(large.create("large", Recorder::default()).await, "192KiB");
}

#[tokio::test]
async fn a_room_that_starts_with_nothing_is_told_by_memory_grow() {
    let wat = asking().with("memory", r#"(memory (export "memory") 0)"#);
    let factory = load_within(in_all(PAGE), &wat.doing("initialize", ""));
    // An id needs memory that the guest does not have.
    let create = async |recorder| factory.create("", recorder).await.unwrap();
    let (ann_said, bob_said) = (Recorder::default(), Recorder::default());
    let mut ann = create(ann_said.clone()).await;
    let mut bob = create(bob_said.clone()).await;
    ann.timer().await.unwrap();
    assert_eq!(ann_said.take(), [r#"to 1: """#]);
    assert!(!gets_a_page(&mut bob, &bob_said).await);
}

#[tokio::test]
async fn nothing_of_a_thousand_rooms_is_lost() {
    // Each needs all that there is, whatever became of the one before.
    let factory = load_within(in_all(2 * PAGE), &growing().doing("connect", "(loop (br 0))"));
    for n in 0..1000_u32 {
        let (mut room, _) = room_of(&factory).await;
        room.timer().await.unwrap();
        match n % 3 {
            // It is over.
            0 => {}
            // It traps.
            1 => {
                let trapped = room.timer().await;
                assert!(matches!(trapped, Err(ServiceError::Trapped(_))), "{trapped:?}");
            }
            // Its callback is dropped midway.
            _ => {
                let mut spinning = pin!(room.connect(1.into()));
                let first = poll_fn(|cx| Poll::Ready(spinning.as_mut().poll(cx)));
                assert!(first.await.is_pending());
            }
        }
    }
}

#[tokio::test]
async fn nothing_is_lost_of_rooms_whose_start_fails() {
    let grows_and = |then: &str| {
        echo().doing("initialize", &format!("(drop (memory.grow (i32.const 1))) {then}"))
    };
    let limits = GuestLimits { run_time: Duration::from_secs(20), ..in_all(2 * PAGE) };
    let engine = WasmEngine::with_limits(limits).unwrap();
    let load = |wat: Wat| -> WasmHostFactory<Recorder> {
        WasmHostFactory::from_bytes_in(&engine, wat.text().as_bytes()).unwrap()
    };
    let (trapping, spinning) = (load(grows_and("unreachable")), load(grows_and("(loop (br 0))")));
    let good = load(growing());
    for _ in 0..100 {
        let failed = trapping.create("room", Recorder::default()).await;
        assert!(matches!(failed, Err(BuildError::Failed(_))), "{failed:?}");
        {
            let mut creating = pin!(spinning.create("room", Recorder::default()));
            let first = poll_fn(|cx| Poll::Ready(creating.as_mut().poll(cx)));
            assert!(first.await.is_pending());
        }
        let (mut room, _) = room_of(&good).await;
        room.timer().await.unwrap();
    }
}

#[tokio::test]
async fn a_failed_room_gives_its_memory_back_before_it_is_dropped() {
    let factory = load_within(in_all(PAGE), &echo().doing("timer", "unreachable"));
    let (mut failed, _) = room_of(&factory).await;
    assert!(failed.timer().await.is_err());
    let (_next, _) = room_of(&factory).await;
    drop(failed);
}
