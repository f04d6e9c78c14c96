//! Rates: how often something may happen, with a burst that is let through at once.

use crate::Limits;
use governor::{
    DefaultDirectRateLimiter, Quota, RateLimiter, clock::DefaultClock,
    state::keyed::HashMapStateStore,
};
use std::{net::IpAddr, num::NonZeroU32};

/// After how many addresses those are forgotten that have been quiet.
const ADDRESSES_KEPT: usize = 10_000;

/// How often one client may send.
#[derive(Debug)]
pub(crate) struct MessageRate(Option<DefaultDirectRateLimiter>);

impl MessageRate {
    pub(crate) fn new(limits: &Limits) -> Self {
        let quota = quota(limits.rate_messages, limits.rate_burst);
        Self(quota.map(RateLimiter::direct))
    }

    /// Counts a message. Returns whether it was one too many.
    pub(crate) fn exceeded(&self) -> bool {
        self.0.as_ref().is_some_and(|rate| rate.check().is_err())
    }
}

/// How often rooms may be made from each address.
#[derive(Debug)]
pub(crate) struct RoomRate(Option<RateLimiter<IpAddr, HashMapStateStore<IpAddr>, DefaultClock>>);

impl RoomRate {
    pub(crate) fn new(limits: &Limits) -> Self {
        let quota = quota(limits.rate_rooms, limits.rate_rooms);
        Self(quota.map(RateLimiter::hashmap))
    }

    /// Counts a room that is to be made from this address. Returns whether it is one too many.
    pub(crate) fn exceeded(&self, address: Option<IpAddr>) -> bool {
        let (Some(rate), Some(address)) = (&self.0, address) else { return false };
        if rate.len() > ADDRESSES_KEPT {
            rate.retain_recent();
        }
        rate.check_key(&address).is_err()
    }
}

/// So many a second, and so many at once; `None` where there is no limit.
fn quota(per_second: u32, burst: u32) -> Option<Quota> {
    let per_second = NonZeroU32::new(per_second)?;
    Some(
        Quota::per_second(per_second)
            .allow_burst(NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_let_through_and_one_more_is_not() {
        let rate =
            MessageRate::new(&Limits { rate_messages: 1, rate_burst: 3, ..Limits::default() });
        let exceeded: Vec<_> = (0..4).map(|_| rate.exceeded()).collect();
        assert_eq!(exceeded, [false, false, false, true]);
    }

    #[test]
    fn without_a_rate_nothing_is_too_much() {
        let (messages, rooms) =
            (MessageRate::new(&Limits::default()), RoomRate::new(&Limits::default()));
        let address = Some(IpAddr::from([127, 0, 0, 1]));
        assert!((0..100_000).all(|_| !messages.exceeded() && !rooms.exceeded(address)));
    }

    #[test]
    fn addresses_are_counted_apart() {
        let rate = RoomRate::new(&Limits { rate_rooms: 1, ..Limits::default() });
        let [ann, bob] = [1, 2].map(|n| Some(IpAddr::from([127, 0, 0, n])));
        assert!(!rate.exceeded(ann) && rate.exceeded(ann));
        assert!(!rate.exceeded(bob) && !rate.exceeded(None) && !rate.exceeded(None));
    }
}
