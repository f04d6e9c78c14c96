use crate::{
    GuestLimits,
    total_memory::{MemoryShare, TotalMemory},
};
use jamsocket::ServiceUsage;
use std::{mem, sync::Arc};
use thiserror::Error;
use wasmtime::{ResourceLimiter, StoreLimits, StoreLimitsBuilder};

/// What bounds the memory and the table of one room, and takes account of the memory.
///
/// A room has one memory, which is made with its instance: before anything of the guest runs.
#[derive(Debug)]
pub(crate) struct RoomLimits {
    own: StoreLimits,
    share: MemoryShare,
    /// What the share was before the memory was last let grow.
    before: usize,
    has_memory: bool,
    /// How often the guest was refused what it asked for.
    refused: u64,
}

impl RoomLimits {
    pub(crate) fn new(limits: &GuestLimits, total: Arc<TotalMemory>) -> Self {
        let own = StoreLimitsBuilder::new()
            .memory_size(limits.memory_bytes)
            .table_elements(limits.table_elements as usize)
            // The guest, and what hands its messages over.
            .instances(2)
            .memories(1)
            .tables(1)
            .build();
        Self { own, share: MemoryShare::of(total), before: 0, has_memory: false, refused: 0 }
    }

    pub(crate) fn usage(&self) -> ServiceUsage {
        ServiceUsage {
            memory_bytes: self.share.bytes(),
            refused_growths: self.refused,
            ..ServiceUsage::default()
        }
    }

    fn refuse(&mut self) -> wasmtime::Result<bool> {
        self.refused += 1;
        Ok(false)
    }
}

impl ResourceLimiter for RoomLimits {
    /// # Errors
    ///
    /// Fails with [`NoMemoryLeft`] where the room's memory cannot even be made.
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if !self.own.memory_growing(current, desired, maximum)? {
            return self.refuse();
        }
        let had_memory = mem::replace(&mut self.has_memory, true);
        let before = self.share.bytes();
        if self.share.resize(desired) {
            self.before = before;
            Ok(true)
        } else if had_memory {
            self.refuse()
        } else {
            Err(NoMemoryLeft(self.share.total().to_string()).into())
        }
    }

    /// Comes after a growth that was allowed, and failed for another reason.
    fn memory_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        tracing::debug!("a room's memory could not grow: {error:#}");
        self.share.resize(self.before);
        self.refused += 1;
        Ok(())
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        match self.own.table_growing(current, desired, maximum)? {
            true => Ok(true),
            false => self.refuse(),
        }
    }

    fn instances(&self) -> usize {
        self.own.instances()
    }

    fn tables(&self) -> usize {
        self.own.tables()
    }

    fn memories(&self) -> usize {
        self.own.memories()
    }
}

/// All rooms together have no memory left for what a new one starts with. The text names the bound.
#[derive(Debug, Error)]
#[error("{0}")]
pub(crate) struct NoMemoryLeft(String);

#[cfg(test)]
mod tests {
    use super::*;
    use wasmtime::Error;

    fn used(memory_bytes: usize, refused_growths: u64) -> ServiceUsage {
        ServiceUsage { memory_bytes, refused_growths, ..ServiceUsage::default() }
    }

    fn limits(total: &Arc<TotalMemory>) -> RoomLimits {
        RoomLimits::new(&GuestLimits { memory_bytes: 8, ..GuestLimits::default() }, total.clone())
    }

    #[test]
    fn a_growth_that_fails_gives_back_what_it_took() {
        let total = TotalMemory::new(10);
        let (mut one, mut other) = (limits(&total), limits(&total));
        assert!(one.memory_growing(0, 2, None).unwrap());
        assert!(other.memory_growing(0, 2, None).unwrap());
        assert!(one.memory_growing(2, 8, None).unwrap());
        assert!(!other.memory_growing(2, 3, None).unwrap());
        one.memory_grow_failed(Error::msg("the kernel says no")).unwrap();
        assert!(other.memory_growing(2, 8, None).unwrap());
        assert_eq!(one.usage(), used(2, 1));
        assert_eq!(other.usage(), used(8, 1));
    }

    #[test]
    fn what_is_refused_is_counted_and_what_is_given_is_not() {
        let mut room = RoomLimits::new(
            &GuestLimits { memory_bytes: 8, table_elements: 3, ..GuestLimits::default() },
            TotalMemory::new(10),
        );
        assert!(room.memory_growing(0, 8, None).unwrap());
        assert!(room.table_growing(0, 3, None).unwrap());
        assert_eq!(room.usage(), used(8, 0));
        assert!(!room.memory_growing(8, 9, None).unwrap());
        assert!(!room.table_growing(3, 4, None).unwrap());
        assert_eq!(room.usage(), used(8, 2));
    }

    #[test]
    fn what_a_room_may_not_have_itself_is_not_taken_from_the_others() {
        let total = TotalMemory::new(10);
        let (mut one, mut other) = (limits(&total), limits(&total));
        assert!(one.memory_growing(0, 2, Some(4)).unwrap());
        assert!(other.memory_growing(0, 2, None).unwrap());
        assert!(!one.memory_growing(2, 9, None).unwrap());
        assert!(!one.memory_growing(2, 5, Some(4)).unwrap());
        assert!(other.memory_growing(2, 8, None).unwrap());
    }
}
