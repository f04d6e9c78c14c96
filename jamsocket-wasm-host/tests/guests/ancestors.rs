use crate::support::{echo, load, refusal, room};
use jamsocket::{ClientId, JamsocketService, ServiceError};
use jamsocket_wasm_host::LoadError;

/// An address and a length whose sum overflows took the host down, and so did one out of range.
#[tokio::test]
async fn ancestor_a6_a_bad_pointer_of_a_guest_is_an_error_and_no_panic() {
    for (pointer, len) in [(-1, 1), (1, -1), (-1, -1), (65_536, 1)] {
        let send =
            format!("(call $send_message (i32.const 0) (i32.const {pointer}) (i32.const {len}))");
        let (mut service, _) = room(&echo().doing("timer", &send)).await;
        let failed = service.timer().await;
        assert!(matches!(failed, Err(ServiceError::Trapped(_))), "{failed:?}");
    }
}

/// A module without a memory took the host down when it was first called.
#[test]
fn ancestor_a6_a_module_that_exports_no_memory_is_refused_when_it_is_loaded() {
    let LoadError::Refused { faults, .. } = refusal(&echo().without("memory").plus("(memory 1)"))
    else {
        panic!()
    };
    assert_eq!(faults.len(), 1);
    assert_eq!(faults[0].to_string(), "the export `memory` is missing: it has to be a memory");
}

/// A guest that had trapped went on being called, with whatever the trap had left in its memory.
#[tokio::test]
async fn ancestor_a8_a_guest_that_has_trapped_is_not_called_again() {
    let wat = echo()
        .doing("timer", "unreachable")
        .doing("connect", "(call $send_message (i32.const 0) (i32.const 0) (i32.const 0))");
    let (mut service, done) = room(&wat).await;
    service.connect(ClientId::from(1)).await.unwrap();
    assert_eq!(done.take().len(), 1);
    assert!(matches!(service.timer().await, Err(ServiceError::Trapped(_))));
    for _ in 0..2 {
        let refused = service.connect(ClientId::from(2)).await;
        assert_eq!(refused, Err(ServiceError::Abandoned));
    }
    assert_eq!(done.take(), [""; 0]);
}

/// A trap was unwrapped, and took the task of the room with it.
#[tokio::test]
async fn ancestor_a13_a_trap_is_an_error_and_no_panic() {
    let factory = load(&echo().doing("message", "unreachable")).unwrap();
    let (mut service, _) = crate::support::room_of(&factory).await;
    let failed = service.message(ClientId::from(1), "x").await;
    assert!(matches!(failed, Err(ServiceError::Trapped(_))), "{failed:?}");
}
