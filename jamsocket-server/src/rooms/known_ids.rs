use super::RoomId;
use lru::LruCache;
use std::num::NonZeroUsize;

/// How many ids a service remembers. The one that was unused for longest is forgotten first.
const CAPACITY: NonZeroUsize = NonZeroUsize::new(100_000).expect("it is not zero");

/// The ids of rooms that were made by request, so that one that has ended can come back.
#[derive(Debug)]
pub(crate) struct KnownIds(LruCache<RoomId, ()>);

impl KnownIds {
    pub(crate) fn new() -> Self {
        Self(LruCache::new(CAPACITY))
    }

    #[cfg(test)]
    pub(super) fn with_capacity(capacity: usize) -> Self {
        Self(LruCache::new(NonZeroUsize::new(capacity).unwrap()))
    }

    pub(crate) fn remember(&mut self, id: RoomId) {
        self.0.put(id, ());
    }

    /// Whether the id is known. Asking counts as a use.
    pub(crate) fn knows(&mut self, id: &RoomId) -> bool {
        self.0.get(id).is_some()
    }

    pub(crate) fn forget(&mut self, id: &RoomId) {
        self.0.pop(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> RoomId {
        RoomId::generated(text.to_owned())
    }

    #[test]
    fn a_hundred_thousand_ids_are_known() {
        let mut known = KnownIds::new();
        (0..100_000).for_each(|n| known.remember(id(&n.to_string())));
        assert!(known.knows(&id("0")));
        known.remember(id("one more"));
        assert!(known.knows(&id("0")) && known.knows(&id("99999")));
        assert!(!known.knows(&id("1")));
    }

    #[test]
    fn the_id_that_was_unused_for_longest_is_forgotten_first() {
        let mut known = KnownIds::with_capacity(2);
        known.remember(id("a"));
        known.remember(id("b"));
        assert!(known.knows(&id("a")));
        known.remember(id("c"));
        assert!(known.knows(&id("a")) && known.knows(&id("c")));
        assert!(!known.knows(&id("b")));
    }
}
