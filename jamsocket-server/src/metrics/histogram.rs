use super::OwnCounter;
use std::{array, time::Duration};

const MICROSECOND: u64 = 1_000;
const MILLISECOND: u64 = 1_000_000;
const SECOND: u64 = 1_000_000_000;

/// The upper bounds of the buckets, in nanoseconds: two a decade, from what an echo takes to what a
/// callback may take. Beyond the last there is one more bucket.
pub(super) const BOUNDS: [u64; 14] = [
    MICROSECOND,
    3 * MICROSECOND,
    10 * MICROSECOND,
    30 * MICROSECOND,
    100 * MICROSECOND,
    300 * MICROSECOND,
    MILLISECOND,
    3 * MILLISECOND,
    10 * MILLISECOND,
    30 * MILLISECOND,
    100 * MILLISECOND,
    300 * MILLISECOND,
    SECOND,
    3 * SECOND,
];

/// How many buckets there are.
pub(super) const BUCKETS: usize = BOUNDS.len() + 1;

/// How long things took that one thread sees to; any thread may read it.
#[derive(Debug)]
pub(crate) struct Histogram {
    buckets: [OwnCounter; BUCKETS],
    nanoseconds: OwnCounter,
}

/// What one histogram holds, or several do together.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Times {
    /// How many there are in each bucket.
    pub(super) buckets: [u64; BUCKETS],
    /// How long they took together.
    pub(super) nanoseconds: u64,
}

impl Histogram {
    pub(crate) fn add(&self, time: Duration) {
        // Some 584 years fit.
        let nanoseconds = time.as_nanos() as u64;
        // From below, as most are short.
        let bucket = BOUNDS.iter().position(|bound| nanoseconds <= *bound);
        self.buckets[bucket.unwrap_or(BOUNDS.len())].add(1);
        self.nanoseconds.add(nanoseconds);
    }

    /// Adds what it holds.
    pub(super) fn add_to(&self, times: &mut Times) {
        for (sum, bucket) in times.buckets.iter_mut().zip(&self.buckets) {
            *sum += bucket.get();
        }
        times.nanoseconds += self.nanoseconds.get();
    }
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            buckets: array::from_fn(|_| OwnCounter::default()),
            nanoseconds: OwnCounter::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket_of(time: Duration) -> usize {
        let (histogram, mut times) = (Histogram::default(), Times::default());
        histogram.add(time);
        histogram.add_to(&mut times);
        times.buckets.iter().position(|count| *count == 1).unwrap()
    }

    #[test]
    fn a_bound_belongs_to_its_bucket_and_what_is_longer_to_the_next() {
        assert!(BOUNDS.is_sorted());
        assert_eq!(bucket_of(Duration::ZERO), 0);
        for (bucket, bound) in BOUNDS.into_iter().enumerate() {
            assert_eq!(bucket_of(Duration::from_nanos(bound)), bucket);
            assert_eq!(bucket_of(Duration::from_nanos(bound + 1)), bucket + 1);
        }
        assert_eq!(bucket_of(Duration::from_secs(1 << 30)), BUCKETS - 1);
    }

    #[test]
    fn several_add_up() {
        let (one, other, mut times) =
            (Histogram::default(), Histogram::default(), Times::default());
        one.add(Duration::from_micros(1));
        one.add(Duration::from_micros(2));
        other.add(Duration::from_micros(1));
        one.add_to(&mut times);
        other.add_to(&mut times);
        assert_eq!((times.buckets[0], times.buckets[1], times.nanoseconds), (2, 1, 4_000));
    }
}
