use super::Counter;
use std::marker::PhantomData;

/// A set of cases that are counted apart, each with labels of its own. [`cases!`] makes them.
pub(crate) trait Case: Copy + 'static {
    /// The labels' keys.
    const KEYS: &'static [&'static str];
    /// Each case once, in the order of the definition.
    const ALL: &'static [Self];

    /// The place in [`ALL`](Self::ALL).
    fn index(self) -> usize;

    /// The labels' values, one for each key.
    fn values(self) -> &'static [&'static str];

    /// The labels, as keys and values.
    fn labels(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        Self::KEYS.iter().copied().zip(self.values().iter().copied())
    }
}

/// Defines an enum whose variants are [`Case`]s, each with the values of its labels.
macro_rules! cases {
    (
        $(#[$about:meta])*
        pub(crate) enum $name:ident [$($key:literal),+] {
            $($(#[$doc:meta])* $case:ident = [$($value:literal),+],)+
        }
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum $name {
            $($(#[$doc])* $case,)+
        }

        impl $crate::metrics::Case for $name {
            const KEYS: &'static [&'static str] = &[$($key),+];
            const ALL: &'static [Self] = &[$(Self::$case),+];

            fn index(self) -> usize {
                self as usize
            }

            fn values(self) -> &'static [&'static str] {
                match self {
                    $(Self::$case => &[$($value),+],)+
                }
            }
        }
    };
}

pub(crate) use cases;

/// A counter for each case.
#[derive(Debug)]
pub(crate) struct CountedBy<C> {
    counters: Box<[Counter]>,
    cases: PhantomData<fn() -> C>,
}

impl<C: Case> CountedBy<C> {
    pub(crate) fn count(&self, case: C) {
        self.counters[case.index()].count();
    }

    pub(crate) fn get(&self, case: C) -> u64 {
        self.counters[case.index()].get()
    }
}

impl<C: Case> Default for CountedBy<C> {
    fn default() -> Self {
        let counters = C::ALL.iter().map(|_| Counter::default()).collect();
        Self { counters, cases: PhantomData }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::collections::HashSet;

    cases! {
        /// How a coin falls.
        pub(crate) enum Coin ["side", "colour"] {
            /// Face up.
            Head = ["head", "gold"],
            /// Face down.
            Tail = ["tail", "gold"],
        }
    }

    /// Asserts what holds for every set of cases.
    pub(in crate::metrics) fn assert_sound<C: Case>() {
        let mut seen = HashSet::new();
        for (index, case) in C::ALL.iter().enumerate() {
            assert_eq!(case.index(), index);
            assert_eq!(case.values().len(), C::KEYS.len(), "{:?}", case.values());
            assert!(seen.insert(case.values()), "{:?} is there twice", case.values());
        }
    }

    #[test]
    fn cases_are_counted_apart() {
        assert_sound::<Coin>();
        let falls = CountedBy::default();
        falls.count(Coin::Tail);
        falls.count(Coin::Tail);
        assert_eq!((falls.get(Coin::Head), falls.get(Coin::Tail)), (0, 2));
        let labels: Vec<_> = Coin::Tail.labels().collect();
        assert_eq!(labels, [("side", "tail"), ("colour", "gold")]);
    }
}
