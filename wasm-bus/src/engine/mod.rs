//! What a module is between the calls of its host: its calls, its services and its tasks.
//!
//! A module has one thread, and a host calls it at two times: from outside, and inside the import
//! `poll`, in which [`Engine::block_on`] waits. So everything here may be entered again wherever
//! it calls an import or the user's code, and nothing is borrowed there.

mod answer;
mod callbacks;
mod executor;
mod inbound;
mod outbound;
#[cfg(test)]
mod tests;

pub(crate) use answer::{Answer, Reply};
pub(crate) use executor::Nested;
pub(crate) use inbound::Handler;
pub use inbound::InboundCall;

use crate::{
    CallError, CallHandle,
    host::{self, Host, Outgoing},
};
use callbacks::Receiver;
use executor::Executor;
use inbound::Inbound;
use outbound::Outbound;
use std::{cell::RefCell, mem::ManuallyDrop, rc::Rc, sync::Arc, task::Waker};

thread_local! {
    // Never dropped, so that it is there for whatever is dropped at a thread's end.
    static ENGINE: ManuallyDrop<Engine> = ManuallyDrop::new(Engine::new(host::current()));
}

/// The engine of this thread, which on WebAssembly is the module's.
pub(crate) fn with<R>(act: impl FnOnce(&Engine) -> R) -> R {
    ENGINE.with(|engine| act(engine))
}

/// What a module is between the calls of its host.
pub(crate) struct Engine {
    host: RefCell<Rc<dyn Host>>,
    outbound: Outbound,
    inbound: Inbound,
    executor: Executor,
}

impl Engine {
    fn new(host: Rc<dyn Host>) -> Self {
        Engine {
            host: RefCell::new(host),
            outbound: Outbound::default(),
            inbound: Inbound::default(),
            executor: Executor::default(),
        }
    }

    /// Puts another host under the engine of this thread.
    #[cfg(test)]
    pub(crate) fn set_host(&self, host: Rc<dyn Host>) {
        self.host.replace(host);
    }

    /// The host, for something that is no call of ours.
    pub(crate) fn host(&self) -> Rc<dyn Host> {
        Rc::clone(&self.host.borrow())
    }
}

/// What the host tells. Each runs all tasks that are ready before it returns.
#[cfg_attr(not(any(test, target_arch = "wasm32")), expect(dead_code, reason = "for exports"))]
impl Engine {
    /// Somebody calls this module.
    pub(crate) fn start(
        &self,
        parent: Option<CallHandle>,
        handle: CallHandle,
        topic: &str,
        request: Vec<u8>,
    ) {
        // Nothing may block in here: the host takes no `poll` in a call that it waits for itself.
        let _entered = self.executor.enter();
        if self.in_use(handle) {
            self.host().fault(handle, CallError::InvalidHandle.into());
        } else {
            match self.inbound.accept(parent, handle, topic) {
                Ok((call, handler)) => self.serve(call, handler, request),
                Err(error) => self.host().fault(handle, error.into()),
            }
        }
        self.run_ready();
    }

    /// An own call has been answered, or a callback has a message.
    pub(crate) fn finish(&self, handle: CallHandle, data: Vec<u8>) {
        if let Some(message) = self.outbound.finish(&self.host(), handle, data) {
            self.outbound.callbacks.receive(handle, message);
        }
        self.run_ready();
    }

    /// An own call has failed.
    pub(crate) fn error(&self, handle: CallHandle, error: CallError) {
        self.outbound.fail(&self.host(), handle, error);
        self.run_ready();
    }

    /// The far side of a call, either way, has ended.
    pub(crate) fn closed(&self, handle: CallHandle) {
        self.inbound.closed(handle);
        self.outbound.closed(&self.host(), handle);
        self.run_ready();
    }

    fn serve(&self, call: InboundCall, handler: Handler, request: Vec<u8>) {
        let answering = async move {
            let result = (handler.answer)(call, request).await;
            with(|engine| engine.inbound.answer(&engine.host(), call, result, handler.stays));
        };
        self.executor.spawn(answering);
    }
}

/// Calls to others.
impl Engine {
    /// A call with a handle of its own, which is not made yet.
    pub(crate) fn prepare(&self) -> (CallHandle, Arc<Answer>) {
        let handle = self.free_handle();
        (handle, self.outbound.prepare(handle))
    }

    /// Gives a prepared call a callback.
    pub(crate) fn add_callback(&self, call: CallHandle, topic: &str, receiver: Receiver) {
        let handle = self.free_handle();
        self.outbound.add_callback(call, handle, receiver);
        self.host().callback(call, handle, topic);
    }

    /// Makes a prepared call.
    pub(crate) fn make(&self, outgoing: &Outgoing<'_>) {
        self.outbound.make(&self.host(), outgoing);
    }

    /// Fails a call that has not been made.
    pub(crate) fn fail(&self, handle: CallHandle, error: CallError) {
        self.outbound.fail(&self.host(), handle, error);
    }

    /// This side has done with a call or an object.
    pub(crate) fn release(&self, handle: CallHandle) {
        self.outbound.release(&self.host(), handle);
    }

    fn free_handle(&self) -> CallHandle {
        let host = self.host();
        loop {
            let handle = host.handle();
            if !self.in_use(handle) {
                return handle;
            }
        }
    }

    fn in_use(&self, handle: CallHandle) -> bool {
        self.outbound.contains(handle) || self.inbound.contains(handle)
    }
}

/// Calls from others.
impl Engine {
    /// Answers the calls of a topic.
    pub(crate) fn listen(&self, topic: &'static str, handler: Handler) {
        self.inbound.listen(&self.host(), topic, handler);
    }

    /// Answers the calls of a topic to the object that an inbound call is.
    pub(crate) fn respond_to(&self, object: CallHandle, topic: &'static str, handler: Handler) {
        self.inbound.respond_to(&self.host(), object, topic, handler);
    }

    /// Sends a message to a callback of an inbound call, unless that is over. One that cannot be
    /// encoded fails the call.
    pub(crate) fn feed(&self, call: InboundCall, topic: &str, message: Result<Vec<u8>, CallError>) {
        if !self.inbound.is_live(call) {
            return;
        }
        match message {
            Ok(message) => self.host().reply_callback(call.handle, topic, &message),
            Err(error) => self.inbound.answer(&self.host(), call, Err(error), false),
        }
    }

    /// The same, of the call that now has this handle.
    pub(crate) fn feed_handle(
        &self,
        handle: CallHandle,
        topic: &str,
        message: Result<Vec<u8>, CallError>,
    ) {
        if let Some(call) = self.inbound.call_of(handle) {
            self.feed(call, topic, message);
        }
    }

    /// An inbound call is over as far as this side is concerned.
    pub(crate) fn forget(&self, handle: CallHandle) {
        self.inbound.closed(handle);
    }
}

/// Tasks.
impl Engine {
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + 'static) -> Waker {
        self.executor.spawn(task)
    }

    pub(crate) fn run_ready(&self) -> usize {
        self.executor.run_ready()
    }

    pub(crate) fn wake_all(&self) {
        self.executor.wake_all();
    }

    pub(crate) fn block_on<F: Future>(&self, future: F) -> Result<F::Output, Nested> {
        self.executor.block_on(future, || self.host().poll())
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Engine")
            .field("outbound", &self.outbound)
            .field("inbound", &self.inbound)
            .field("executor", &self.executor)
            .finish_non_exhaustive()
    }
}
