//! Guests that do anything at any time: every call gets one answer at most, what belongs together comes
//! in order, and nothing is left when all is over.

use super::*;
use crate::bus::CallToRoom;
use jamsocket::{RoomCall as _, RoomCallError};
use proptest::prelude::*;
use std::collections::BTreeMap;

#[derive(Debug, Clone)]
enum Step {
    /// A guest calls another, perhaps itself, with a callback, and perhaps on an object of its own. Where
    /// it calls a room, the call is on its way then.
    Call {
        who: usize,
        whom: usize,
        is_kept: bool,
        on_object: bool,
        is_to_room: bool,
    },
    /// A call on its way comes to its room, or to one that does not take it, or is lost.
    Arrive {
        which: usize,
        end: Arrival,
    },
    Feed {
        who: usize,
        which: usize,
    },
    Reply {
        who: usize,
        which: usize,
    },
    Fault {
        who: usize,
        which: usize,
    },
    /// The guest is done with a call, an object, or a call that it owes.
    Drop {
        who: usize,
        which: usize,
        is_owed: bool,
    },
    TakeAnswer {
        who: usize,
    },
    TakeRequest {
        who: usize,
    },
    /// The guest ends, and another takes its place.
    End {
        who: usize,
    },
}

#[derive(Debug, Clone, Copy)]
enum Arrival {
    Taken,
    Refused,
    Lost,
}

const GUESTS: usize = 3;

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let who = 0..GUESTS;
    let which = 0..8_usize;
    let end = prop_oneof![
        6 => Just(Arrival::Taken),
        1 => Just(Arrival::Refused),
        1 => Just(Arrival::Lost),
    ];
    let step = prop_oneof![
        6 => (who.clone(), who.clone(), any::<[bool; 3]>()).prop_map(
            |(who, whom, [is_kept, on_object, is_to_room])| {
                Step::Call { who, whom, is_kept, on_object, is_to_room }
            }
        ),
        4 => (which.clone(), end).prop_map(|(which, end)| Step::Arrive { which, end }),
        3 => (who.clone(), which.clone()).prop_map(|(who, which)| Step::Feed { who, which }),
        4 => (who.clone(), which.clone()).prop_map(|(who, which)| Step::Reply { who, which }),
        1 => (who.clone(), which.clone()).prop_map(|(who, which)| Step::Fault { who, which }),
        2 => (who.clone(), which, any::<bool>())
            .prop_map(|(who, which, is_owed)| Step::Drop { who, which, is_owed }),
        8 => who.clone().prop_map(|who| Step::TakeAnswer { who }),
        8 => who.clone().prop_map(|who| Step::TakeRequest { who }),
        1 => who.prop_map(|who| Step::End { who }),
    ];
    prop::collection::vec(step, 0..120)
}

/// A guest, with what it knows.
struct Guest {
    desk: Desk,
    /// Its calls, by their number: what it was told of each.
    calls: BTreeMap<u32, Told>,
    /// The calls that it was asked, which it has not been told the end of.
    owed: Vec<u32>,
}

#[derive(Default)]
struct Told {
    callback: u32,
    is_kept: bool,
    is_object: bool,
    is_over: bool,
    /// The last message of the callback, which counts upwards.
    last: u64,
}

impl Guest {
    fn new() -> Self {
        Self { desk: desk(), calls: BTreeMap::new(), owed: Vec::new() }
    }

    fn take_answer(&mut self) -> bool {
        let Some(delivery) = self.desk.next_answer() else { return false };
        match delivery {
            Delivery::Finish { handle, bytes } => {
                if let Some(told) = self.calls.get_mut(&handle) {
                    assert!(!told.is_over && !told.is_object, "answered twice");
                    told.is_object = told.is_kept;
                    told.is_over = !told.is_kept;
                } else {
                    let of = |told: &&mut Told| told.callback == handle;
                    let told = self.calls.values_mut().find(of).expect("a callback of a call");
                    assert!(!told.is_over, "a message after the end");
                    let number = u64::from_le_bytes(bytes.try_into().expect("a number"));
                    assert!(number > told.last, "messages out of order");
                    told.last = number;
                }
            }
            Delivery::Error { handle, .. } => {
                let told = self.calls.get_mut(&handle).expect("a call");
                assert!(!told.is_over && !told.is_object, "failed after its answer");
                told.is_over = true;
            }
            Delivery::Drop { handle } => {
                let told = self.calls.get_mut(&handle).expect("a call");
                assert!(told.is_object && !told.is_over, "closed, and was not open");
                told.is_over = true;
            }
            Delivery::Start { .. } => panic!("a call among the answers"),
        }
        true
    }

    fn take_request(&mut self) -> bool {
        match self.desk.next_request() {
            Some(Delivery::Start { handle, .. }) => {
                assert!(!self.owed.contains(&handle) && !self.calls.contains_key(&handle));
                self.owed.push(handle);
                true
            }
            Some(Delivery::Drop { handle }) => {
                self.owed.retain(|owed| *owed != handle);
                true
            }
            Some(other) => panic!("{other:?} among the requests"),
            None => false,
        }
    }

    fn owed(&self, which: usize) -> Option<u32> {
        self.owed.get(which % self.owed.len().max(1)).copied()
    }
}

/// Calls on their way, each with the guest that it is to.
type OnTheWay = Vec<(usize, CallToRoom)>;

fn arrive(guests: &[Guest], (whom, call): (usize, CallToRoom), end: Arrival) {
    match end {
        Arrival::Taken => call.arrive(&guests[whom].desk.mailbox),
        Arrival::Refused => Box::new(call).refuse(RoomCallError::Ended),
        Arrival::Lost => drop(call),
    }
}

fn step(guests: &mut [Guest], on_the_way: &mut OnTheWay, step: Step, number: u64) {
    match step {
        Step::Arrive { which, end } => {
            if which < on_the_way.len() {
                arrive(guests, on_the_way.remove(which), end);
            }
        }
        Step::Call { who, whom, is_kept, on_object, is_to_room } => {
            let to = guests[whom].desk.mailbox.clone();
            let guest = &mut guests[who];
            let object = guest.calls.iter().find(|(_, told)| told.is_object && !told.is_over);
            let parent = object.filter(|_| on_object).map_or(NO_HANDLE, |(handle, _)| *handle);
            let (handle, callback) = (guest.desk.new_handle(), guest.desk.new_handle());
            guest.desk.callback(handle, callback, "step".to_owned());
            let new = NewCall { parent, is_kept, ..new_call(handle, "topic") };
            let connect = |call| {
                if !is_to_room {
                    return GuestCallee::call(&to, call);
                }
                let (call, callee) = CallToRoom::begin(call);
                on_the_way.push((whom, call));
                Ok(callee)
            };
            match guest.desk.call(new, connect) {
                Ok(()) => {
                    let told = Told { callback, is_kept, ..Told::default() };
                    guest.calls.insert(handle, told);
                }
                Err(_) => guest.desk.drop_handle(handle),
            }
        }
        Step::Feed { who, which } => {
            if let Some(owed) = guests[who].owed(which) {
                feed(&guests[who].desk, owed, "step", &number.to_le_bytes());
            }
        }
        Step::Reply { who, which } => {
            if let Some(owed) = guests[who].owed(which) {
                guests[who].desk.reply(owed, number.to_le_bytes().to_vec());
            }
        }
        Step::Fault { who, which } => {
            if let Some(owed) = guests[who].owed(which) {
                guests[who].desk.fault(owed, CallError::INTERNAL_FAILURE);
            }
        }
        Step::Drop { who, which, is_owed } => {
            let guest = &mut guests[who];
            if is_owed {
                if let Some(owed) = guest.owed(which) {
                    guest.desk.drop_handle(owed);
                    guest.owed.retain(|other| *other != owed);
                }
            } else if let Some(handle) = guest.calls.keys().nth(which).copied() {
                guest.desk.drop_handle(handle);
                guest.calls.remove(&handle);
            }
        }
        Step::TakeAnswer { who } => drop(guests[who].take_answer()),
        Step::TakeRequest { who } => drop(guests[who].take_request()),
        Step::End { who } => guests[who] = Guest::new(),
    }
}

proptest! {
    #[test]
    fn every_call_has_one_end_and_nothing_is_left(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let _context = runtime.enter();
        let mut guests: Vec<_> = (0..GUESTS).map(|_| Guest::new()).collect();
        let mut on_the_way = OnTheWay::new();
        for (number, random) in (1..).zip(steps) {
            step(&mut guests, &mut on_the_way, random, number);
        }
        on_the_way.into_iter().for_each(|call| arrive(&guests, call, Arrival::Taken));
        // All answer what they owe, and learn of all that there is.
        for guest in &mut guests {
            while guest.take_request() {}
            let owed = guest.owed.clone();
            owed.iter().for_each(|owed| guest.desk.reply(*owed, Vec::new()));
        }
        for guest in &mut guests {
            while guest.take_answer() {}
            for told in guest.calls.values() {
                prop_assert!(told.is_over || told.is_object, "a call without an end");
            }
            let calls: Vec<u32> = guest.calls.keys().copied().collect();
            calls.iter().for_each(|handle| guest.desk.drop_handle(*handle));
        }
        for guest in &mut guests {
            while guest.take_request() {}
            while guest.take_answer() {}
            prop_assert!(guest.desk.is_unused());
        }
    }
}
