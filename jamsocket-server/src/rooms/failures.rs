use super::RoomId;
use jamsocket::BuildError;
use lru::LruCache;
use std::{collections::VecDeque, num::NonZeroUsize, sync::Arc, time::Duration};
use tokio::time::Instant;

/// For how many ids failures are remembered. The one that failed longest ago is forgotten first.
const CAPACITY: NonZeroUsize = NonZeroUsize::new(1_000).expect("it is not zero");

/// How many failures within [`WINDOW`] are too many.
pub(super) const TOO_MANY: usize = 5;

/// For how long a failure counts.
pub(super) const WINDOW: Duration = Duration::from_secs(10);

/// Which rooms of a service fail again and again.
///
/// An id whose rooms cannot be started is left alone for a while: it is not built again at each
/// join. And however often the rooms of an id fail, only so many of their failures are written to the
/// log.
#[derive(Debug)]
pub(super) struct Failures {
    /// How long an id is left alone. Zero: not at all.
    backoff_time: Duration,
    /// In the order of their last failures.
    ids: LruCache<RoomId, Record>,
}

/// What is remembered of an id.
#[derive(Debug)]
struct Record {
    /// When it failed last, in whatever way.
    last: Instant,
    /// Failed starts, since the last one that did not fail.
    starts: Recent,
    /// Until when the id is left alone, and why.
    left_alone: Option<(Instant, Arc<BuildError>)>,
    /// Failures that were written to the log.
    reports: Recent,
    /// How many failures were not, since the last one that was.
    unreported: u32,
}

/// How a failure is written to the log.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Report {
    /// How many failures of the same id were not written before it.
    pub(super) unreported: u32,
    /// Whether this is the last that is written for now.
    pub(super) is_last: bool,
}

impl Failures {
    pub(super) fn new(backoff_time: Duration) -> Self {
        Self { backoff_time, ids: LruCache::new(CAPACITY) }
    }

    /// A room could not be started. A lack of capacity is no failure: it may be over any moment.
    pub(super) fn start_failed(&mut self, id: &RoomId, error: &Arc<BuildError>, now: Instant) {
        let backoff_time = self.backoff_time;
        if matches!(**error, BuildError::AtCapacity(_)) {
            return;
        }
        let record = self.record(id, now);
        record.starts.add(now);
        record.left_alone =
            record.starts.too_many_until(now).map(|_| (now + backoff_time, error.clone()));
    }

    /// A room was started: its id has no failed starts any more.
    pub(super) fn started(&mut self, id: &RoomId) {
        if let Some(record) = self.ids.peek_mut(id) {
            record.starts = Recent::default();
            record.left_alone = None;
        }
    }

    /// Why an id is left alone, if it is.
    pub(super) fn left_alone(&self, id: &RoomId, now: Instant) -> Option<Arc<BuildError>> {
        let (until, error) = self.ids.peek(id)?.left_alone.as_ref()?;
        (now < *until).then(|| error.clone())
    }

    /// Counts a failure of whatever kind. Returns `None` where it is not to be written to the log.
    pub(super) fn report(&mut self, id: &RoomId, now: Instant) -> Option<Report> {
        let record = self.record(id, now);
        if record.reports.too_many_until(now).is_some() {
            record.unreported = record.unreported.saturating_add(1);
            return None;
        }
        record.reports.add(now);
        let is_last = record.reports.too_many_until(now).is_some();
        Some(Report { unreported: std::mem::take(&mut record.unreported), is_last })
    }

    /// Until when nothing of an id is written to the log, where it has failed too often.
    pub(super) fn muted_until(&self, id: &RoomId, now: Instant) -> Option<Instant> {
        self.ids.peek(id)?.reports.too_many_until(now)
    }

    /// The record of an id that fails now.
    fn record(&mut self, id: &RoomId, now: Instant) -> &mut Record {
        while self.ids.peek_lru().is_some_and(|(_, record)| record.is_over(now)) {
            self.ids.pop_lru();
        }
        let record = self.ids.get_or_insert_mut(id.clone(), || Record::new(now));
        record.last = now;
        record
    }
}

impl Record {
    fn new(now: Instant) -> Self {
        Self {
            last: now,
            starts: Recent::default(),
            left_alone: None,
            reports: Recent::default(),
            unreported: 0,
        }
    }

    /// Whether nothing of it counts any more.
    fn is_over(&self, now: Instant) -> bool {
        let left_alone = self.left_alone.as_ref().is_some_and(|(until, _)| now < *until);
        self.last + WINDOW <= now && !left_alone
    }
}

/// The last moments at which something happened, as many as are [`TOO_MANY`] within [`WINDOW`].
#[derive(Debug, Default)]
struct Recent(VecDeque<Instant>);

impl Recent {
    fn add(&mut self, now: Instant) {
        if self.0.len() == TOO_MANY {
            self.0.pop_front();
        }
        self.0.push_back(now);
    }

    /// Until when it has happened too often, if it has.
    fn too_many_until(&self, now: Instant) -> Option<Instant> {
        let first = self.0.front().filter(|_| self.0.len() == TOO_MANY)?;
        Some(*first + WINDOW).filter(|until| now < *until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Failures in virtual time.
    struct Clock {
        failures: Failures,
        begin: Instant,
    }

    impl Clock {
        fn new() -> Self {
            Self { failures: Failures::new(Duration::from_secs(1)), begin: Instant::now() }
        }

        fn at(&self, ms: u64) -> Instant {
            self.begin + Duration::from_millis(ms)
        }

        fn fail(&mut self, name: &str, ms: u64, error: BuildError) {
            let now = self.at(ms);
            self.failures.start_failed(&id(name), &Arc::new(error), now);
        }

        /// Five failed starts, the last of them at this time.
        fn fail_five_times(&mut self, ms: u64) {
            for n in (0..5).rev() {
                self.fail("a", ms - n, BuildError::failed("broken"));
            }
        }

        fn is_left_alone(&self, name: &str, ms: u64) -> bool {
            self.failures.left_alone(&id(name), self.at(ms)).is_some()
        }

        fn is_reported(&mut self, name: &str, ms: u64) -> bool {
            let now = self.at(ms);
            self.failures.report(&id(name), now).is_some()
        }
    }

    fn id(name: &str) -> RoomId {
        RoomId::generated(name.to_owned())
    }

    #[test]
    fn after_five_failed_starts_an_id_is_left_alone_for_a_second() {
        let mut clock = Clock::new();
        for ms in 0..4 {
            clock.fail("a", ms, BuildError::Declined);
            assert!(!clock.is_left_alone("a", ms), "after {} failures", ms + 1);
        }
        clock.fail("a", 4, BuildError::failed("the last"));
        let why = clock.failures.left_alone(&id("a"), clock.at(4));
        assert!(matches!(why.as_deref(), Some(BuildError::Failed(_))), "{why:?}");
        assert!(clock.is_left_alone("a", 1_003) && !clock.is_left_alone("a", 1_004));
        assert!(!clock.is_left_alone("b", 4));
    }

    #[test]
    fn an_id_that_fails_once_more_is_left_alone_again() {
        let mut clock = Clock::new();
        clock.fail_five_times(100);
        clock.fail("a", 1_100, BuildError::Declined);
        assert!(clock.is_left_alone("a", 2_099) && !clock.is_left_alone("a", 2_100));
    }

    #[test]
    fn a_failed_start_counts_for_ten_seconds() {
        for (last, too_many) in [(9_999, true), (10_000, false)] {
            let mut clock = Clock::new();
            for ms in [0, 1, 2, 3, last] {
                clock.fail("a", ms, BuildError::Declined);
            }
            assert_eq!(clock.is_left_alone("a", last), too_many, "{last}");
        }
    }

    #[test]
    fn a_start_that_succeeds_makes_up_for_those_that_failed() {
        let mut clock = Clock::new();
        clock.fail_five_times(100);
        clock.failures.started(&id("a"));
        assert!(!clock.is_left_alone("a", 100));
        clock.fail("a", 101, BuildError::Declined);
        assert!(!clock.is_left_alone("a", 101));
    }

    #[test]
    fn a_lack_of_capacity_is_no_failure() {
        let mut clock = Clock::new();
        for ms in 0..50 {
            clock.fail("a", ms, BuildError::AtCapacity("full".to_owned()));
        }
        assert!(!clock.is_left_alone("a", 50));
    }

    #[test]
    fn without_a_back_off_time_no_id_is_left_alone() {
        let mut clock = Clock::new();
        clock.failures.backoff_time = Duration::ZERO;
        clock.fail_five_times(100);
        assert!(!clock.is_left_alone("a", 100));
    }

    #[test]
    fn five_failures_in_ten_seconds_are_reported_and_the_others_are_counted() {
        let mut clock = Clock::new();
        let (a, now) = (id("a"), clock.at(0));
        let reports: Vec<_> = (0..7).map(|_| clock.failures.report(&a, now)).collect();
        let report = |is_last| Some(Report { unreported: 0, is_last });
        assert_eq!(reports[..5], [false, false, false, false, true].map(report));
        assert_eq!(reports[5..], [None, None]);
        assert_eq!(clock.failures.muted_until(&a, now), Some(clock.at(10_000)));
        assert!(clock.is_reported("b", 0));
        assert!(!clock.is_reported("a", 9_999));
        let now = clock.at(10_000);
        assert_eq!(clock.failures.muted_until(&a, now), None);
        let next = clock.failures.report(&a, now);
        assert_eq!(next, Some(Report { unreported: 3, is_last: false }));
    }

    #[test]
    fn what_is_over_is_forgotten_and_so_is_what_is_too_much() {
        let mut clock = Clock::new();
        clock.fail("a", 0, BuildError::Declined);
        clock.fail("b", 9_999, BuildError::Declined);
        assert_eq!(clock.failures.ids.len(), 2);
        clock.fail("c", 10_000, BuildError::Declined);
        assert_eq!(clock.failures.ids.len(), 2);
        for n in 0..2 * CAPACITY.get() {
            clock.fail(&n.to_string(), 10_000, BuildError::Declined);
        }
        assert_eq!(clock.failures.ids.len(), CAPACITY.get());
    }
}
