use super::{Desk, Member, mailbox::Mailbox};
use crate::{
    interface::{BUS_DROP, BUS_ERROR, BUS_FINISH, BUS_MALLOC, BUS_START},
    memory::HasMemory,
};
use std::{sync::Arc, time::Duration};
use wasmtime::{AsContextMut, Instance, Memory, TypedFunc};

/// A guest's place on the bus.
pub(crate) struct Port {
    pub(crate) desk: Desk,
    pub(crate) mailbox: Arc<Mailbox>,
    /// Who it is, and so whom its calls reach.
    pub(crate) member: Arc<Member>,
    /// None where the guest exports none of them, so that nothing can be told to it.
    pub(crate) exports: Option<Arc<Exports>>,
    /// Whether the guest waits in `poll`, or handles what it was told there.
    pub(crate) is_polling: bool,
    /// Whether the guest allocates for the host.
    pub(crate) is_allocating: bool,
    /// Whether the guest goes on serving after its `_start` has returned.
    pub(crate) serves: bool,
}

/// The exports by which a guest is told what happens.
pub(crate) struct Exports {
    pub(crate) memory: Memory,
    pub(crate) malloc: TypedFunc<u32, u32>,
    pub(crate) start: TypedFunc<(u32, u32, u32, u32, u32, u32), ()>,
    pub(crate) finish: TypedFunc<(u32, u32, u32), ()>,
    pub(crate) error: TypedFunc<(u32, u32), ()>,
    pub(crate) drop: TypedFunc<u32, ()>,
}

/// What a store has whose guest is on the bus.
pub(crate) trait OnBus: HasMemory + Send {
    fn port(&mut self) -> &mut Port;

    /// For how long the guest may wait for others to take what it feeds them.
    fn feed_time(&self) -> Duration;

    /// It has waited so long for that.
    fn has_fed(&mut self, time: Duration);

    /// The guest goes on after it has waited for something to happen.
    fn has_waited(&mut self);
}

impl Port {
    pub(crate) fn new(member: Member) -> Self {
        Self::at(Mailbox::new(&member.limits), member)
    }

    /// The place of a guest for whom something may wait already.
    pub(crate) fn at(mailbox: Arc<Mailbox>, member: Member) -> Self {
        Self {
            desk: Desk::new(mailbox.clone()),
            mailbox,
            member: Arc::new(member),
            exports: None,
            is_polling: false,
            is_allocating: false,
            serves: false,
        }
    }
}

impl Exports {
    /// The exports of an instance, where it has them all.
    pub(crate) fn of(
        instance: &Instance,
        memory: Memory,
        mut store: impl AsContextMut,
    ) -> Option<Arc<Self>> {
        Some(Arc::new(Self {
            memory,
            malloc: instance.get_typed_func(&mut store, BUS_MALLOC).ok()?,
            start: instance.get_typed_func(&mut store, BUS_START).ok()?,
            finish: instance.get_typed_func(&mut store, BUS_FINISH).ok()?,
            error: instance.get_typed_func(&mut store, BUS_ERROR).ok()?,
            drop: instance.get_typed_func(&mut store, BUS_DROP).ok()?,
        }))
    }
}
