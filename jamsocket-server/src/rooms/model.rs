//! The rooms of a service against what they promise, through whatever may happen to them: the
//! registry, inboxes, drivers, memberships and outboxes as they are, on one thread and in virtual
//! time, without sockets.
//!
//! What is called is kept by the service itself, in a [`journal`], which says what each client has to
//! receive. Some happenings fall into the same moment, so that joins meet rooms that are being built,
//! are busy, or end.

mod creates;
mod guest;
mod journal;
mod service;
mod world;

use self::{journal::Plan, world::World};
use crate::RoomIdStrategy;
use jamsocket::host::ServiceShutdownPolicy;
use proptest::{array::uniform4, collection::vec, prelude::*};
use std::{ops::Range, time::Duration};
use tokio::{runtime, task::LocalSet};

/// What may happen. A room is chosen by its place among the names, a client by its place among the
/// last who asked to join.
#[derive(Debug, Clone)]
enum Happening {
    Join {
        room: usize,
        reads: bool,
    },
    /// A client leaves, or waits no longer for its place.
    Go(usize),
    Say(usize, Say),
    /// A service sends from outside its callbacks.
    Shout(usize),
    Create(usize),
    /// From now on this room is built in this way.
    Plan(usize, Plan),
    Pass(Duration),
    Stop,
}

#[derive(Debug, Clone, Copy)]
enum Say {
    All,
    Others,
    Me,
    Timer(u32),
    Sleep(u32),
    Fail,
}

fn happening() -> impl Strategy<Value = Happening> {
    let any = any::<usize>;
    let say = prop_oneof![
        24 => Just(Say::All),
        8 => Just(Say::Others),
        8 => Just(Say::Me),
        8 => (0_u32..60).prop_map(Say::Timer),
        6 => (0_u32..200).prop_map(Say::Sleep),
        1 => Just(Say::Fail),
    ];
    prop_oneof![
        120 => (any(), prop::bool::weighted(0.8))
            .prop_map(|(room, reads)| Happening::Join { room, reads }),
        70 => any().prop_map(Happening::Go),
        400 => (any(), say).prop_map(|(who, say)| Happening::Say(who, say)),
        30 => any().prop_map(Happening::Shout),
        40 => any().prop_map(Happening::Create),
        20 => (any(), plan()).prop_map(|(room, plan)| Happening::Plan(room, plan)),
        150 => milliseconds(0..40).prop_map(Happening::Pass),
        20 => milliseconds(400..2_000).prop_map(Happening::Pass),
        1 => Just(Happening::Stop),
    ]
}

fn plan() -> impl Strategy<Value = Plan> {
    prop_oneof![
        6 => Just(Plan::Good),
        3 => milliseconds(1..400).prop_map(Plan::Slow),
        1 => Just(Plan::Fails),
        1 => Just(Plan::Declined),
        1 => Just(Plan::NoCapacity),
        1 => Just(Plan::SendsTooMuch),
    ]
}

fn milliseconds(range: Range<u64>) -> impl Strategy<Value = Duration> {
    range.prop_map(Duration::from_millis)
}

fn strategies() -> impl Strategy<Value = RoomIdStrategy> {
    prop_oneof![3 => Just(RoomIdStrategy::Implicit), 1 => Just(RoomIdStrategy::Explicit)]
}

fn policies() -> impl Strategy<Value = ServiceShutdownPolicy> {
    prop_oneof![
        Just(ServiceShutdownPolicy::Never),
        Just(ServiceShutdownPolicy::Immediate),
        Just(ServiceShutdownPolicy::AfterSeconds(1)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn rooms_keep_their_promises(
        strategy in strategies(),
        policy in policies(),
        plans in uniform4(plan()),
        happenings in vec(happening(), 1..500),
    ) {
        let runtime =
            runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
        let broken = LocalSet::new().block_on(&runtime, async {
            let mut world = World::new(strategy, policy, plans);
            for happening in happenings {
                world.happen(happening).await;
            }
            world.end().await
        });
        prop_assert!(broken.is_empty(), "{:#?}", broken);
    }
}
