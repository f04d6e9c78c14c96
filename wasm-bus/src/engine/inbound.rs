use crate::{CallError, CallHandle, host::Host};
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    fmt,
    future::Future,
    pin::Pin,
    rc::Rc,
};

/// What answers the calls of one topic.
pub(crate) struct Handler {
    pub(crate) answer: Rc<dyn Fn(InboundCall, Vec<u8>) -> Answering>,
    /// The call lives on when it is answered, as an object.
    pub(crate) stays: bool,
}

pub(crate) type Answering = Pin<Box<dyn Future<Output = Result<Vec<u8>, CallError>>>>;

impl Clone for Handler {
    fn clone(&self) -> Self {
        Handler { answer: Rc::clone(&self.answer), stays: self.stays }
    }
}

/// A call that somebody has made to this module.
///
/// A handle is the host's to give again when its call is over, so the call has a number of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InboundCall {
    pub(crate) handle: CallHandle,
    serial: u64,
}

/// The calls that others have made to this module, and what answers them.
#[derive(Default)]
pub(crate) struct Inbound {
    live: RefCell<BTreeMap<CallHandle, Live>>,
    listeners: RefCell<BTreeMap<&'static str, Handler>>,
    /// The topics of objects that the host has been told of.
    announced: RefCell<BTreeSet<&'static str>>,
    last_serial: Cell<u64>,
}

struct Live {
    serial: u64,
    /// The methods of the object that the call is.
    methods: BTreeMap<&'static str, Handler>,
}

impl Inbound {
    pub(crate) fn contains(&self, handle: CallHandle) -> bool {
        self.live.borrow().contains_key(&handle)
    }

    /// Answers the calls of a topic from now on.
    pub(crate) fn listen(&self, host: &Rc<dyn Host>, topic: &'static str, handler: Handler) {
        let before = self.listeners.borrow_mut().insert(topic, handler);
        drop(before);
        host.listen(topic);
    }

    /// Answers the calls of a topic to the object that an inbound call is. Where that call is over,
    /// so is the object.
    pub(crate) fn respond_to(
        &self,
        host: &Rc<dyn Host>,
        object: CallHandle,
        topic: &'static str,
        handler: Handler,
    ) {
        let before = match self.live.borrow_mut().get_mut(&object) {
            Some(live) => live.methods.insert(topic, handler),
            None => Some(handler),
        };
        drop(before);
        if self.announced.borrow_mut().insert(topic) {
            host.listen(topic);
        }
    }

    /// Takes a call in: what answers it, and how it is known from now on.
    ///
    /// # Errors
    ///
    /// [`CallError::InvalidHandle`] where its parent has no such method, and
    /// [`CallError::InvalidTopic`] where it has no parent and nobody listens.
    pub(crate) fn accept(
        &self,
        parent: Option<CallHandle>,
        handle: CallHandle,
        topic: &str,
    ) -> Result<(InboundCall, Handler), CallError> {
        let handler = match parent {
            Some(parent) => self
                .live
                .borrow()
                .get(&parent)
                .and_then(|object| object.methods.get(topic).cloned())
                .ok_or(CallError::InvalidHandle)?,
            None => self.listeners.borrow().get(topic).cloned().ok_or(CallError::InvalidTopic)?,
        };
        let serial = self.last_serial.get() + 1;
        self.last_serial.set(serial);
        self.live.borrow_mut().insert(handle, Live { serial, methods: BTreeMap::new() });
        Ok((InboundCall { handle, serial }, handler))
    }

    /// Answers a call, unless it is over.
    pub(crate) fn answer(
        &self,
        host: &Rc<dyn Host>,
        call: InboundCall,
        result: Result<Vec<u8>, CallError>,
        stays: bool,
    ) {
        if !self.is_live(call) {
            return;
        }
        match result {
            Ok(reply) if stays => host.reply(call.handle, &reply),
            Ok(reply) => {
                self.closed(call.handle);
                host.reply(call.handle, &reply);
            }
            Err(error) => {
                self.closed(call.handle);
                host.fault(call.handle, error.into());
            }
        }
    }

    /// It has not been answered, or is an object that lives.
    pub(crate) fn is_live(&self, call: InboundCall) -> bool {
        self.live.borrow().get(&call.handle).is_some_and(|live| live.serial == call.serial)
    }

    /// The call that has this handle now.
    pub(crate) fn call_of(&self, handle: CallHandle) -> Option<InboundCall> {
        let serial = self.live.borrow().get(&handle)?.serial;
        Some(InboundCall { handle, serial })
    }

    /// The call of that handle is over, and its object with it.
    pub(crate) fn closed(&self, handle: CallHandle) {
        let live = self.live.borrow_mut().remove(&handle);
        drop(live);
    }
}

impl fmt::Debug for Inbound {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let live = self.live.try_borrow().map(|live| live.len());
        formatter.debug_struct("Inbound").field("live", &live.ok()).finish_non_exhaustive()
    }
}
