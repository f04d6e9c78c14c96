use super::{
    answer::Answer,
    callbacks::{Callbacks, Receiver},
};
use crate::{
    CallError, CallHandle,
    host::{Host, Outgoing},
};
use std::{cell::RefCell, collections::BTreeMap, rc::Rc, sync::Arc};

/// The calls that this module has made, or is about to make.
#[derive(Debug, Default)]
pub(crate) struct Outbound {
    calls: RefCell<BTreeMap<CallHandle, OwnCall>>,
    pub(super) callbacks: Callbacks,
}

#[derive(Debug)]
struct OwnCall {
    phase: Phase,
    answer: Arc<Answer>,
    callbacks: Vec<CallHandle>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// It has a handle, and may have callbacks.
    Prepared,
    /// It is under way, and over when it is answered.
    Made,
    /// It is under way, and an object when it is answered.
    MadeToStay,
    /// It is under way, and nobody waits for its answer any more.
    Abandoned,
    /// It has been answered, and lives on.
    Object,
}

impl Outbound {
    pub(crate) fn contains(&self, handle: CallHandle) -> bool {
        self.calls.borrow().contains_key(&handle) || self.callbacks.contains(handle)
    }

    /// A call that has not been made yet, under a handle that is free.
    pub(crate) fn prepare(&self, handle: CallHandle) -> Arc<Answer> {
        let answer = Arc::new(Answer::default());
        let call =
            OwnCall { phase: Phase::Prepared, answer: Arc::clone(&answer), callbacks: Vec::new() };
        self.calls.borrow_mut().insert(handle, call);
        answer
    }

    /// Gives a prepared call a callback, under a handle that is free.
    pub(crate) fn add_callback(&self, call: CallHandle, handle: CallHandle, receiver: Receiver) {
        if let Some(call) = self.calls.borrow_mut().get_mut(&call) {
            call.callbacks.push(handle);
        } else {
            return;
        }
        self.callbacks.insert(handle, receiver);
    }

    /// Makes a prepared call.
    pub(crate) fn make(&self, host: &Rc<dyn Host>, outgoing: &Outgoing<'_>) {
        let phase = if outgoing.keepalive { Phase::MadeToStay } else { Phase::Made };
        self.set_phase(outgoing.handle, phase);
        let code = host.call(outgoing);
        if code != 0 {
            self.fail(host, outgoing.handle, code.into());
        }
    }

    /// A call has been answered. Returns the data where `handle` is no call's.
    pub(crate) fn finish(
        &self,
        host: &Rc<dyn Host>,
        handle: CallHandle,
        data: Vec<u8>,
    ) -> Option<Vec<u8>> {
        let Some(phase) = self.phase(handle) else { return Some(data) };
        match phase {
            Phase::Prepared | Phase::Object => {}
            Phase::MadeToStay => {
                self.set_phase(handle, Phase::Object);
                if let Some(answer) = self.answer(handle) {
                    answer.set(Ok(data));
                }
            }
            Phase::Made | Phase::Abandoned => self.end(host, handle, Ok(data)),
        }
        None
    }

    /// A call has failed, or ends before it was made.
    pub(crate) fn fail(&self, host: &Rc<dyn Host>, handle: CallHandle, error: CallError) {
        if self.phase(handle).is_some_and(|phase| phase != Phase::Object) {
            self.end(host, handle, Err(error));
        }
    }

    /// The far side has ended. A call that waits for it has failed; an object stays for as long as
    /// this side holds it, but nothing comes from it any more.
    pub(crate) fn closed(&self, host: &Rc<dyn Host>, handle: CallHandle) {
        match self.phase(handle) {
            None => self.callbacks.remove(handle),
            Some(Phase::Object) => {
                let callbacks = match self.calls.borrow_mut().get_mut(&handle) {
                    Some(call) => std::mem::take(&mut call.callbacks),
                    None => Vec::new(),
                };
                self.remove_callbacks(callbacks);
            }
            Some(_) => self.fail(host, handle, CallError::Aborted),
        }
    }

    /// This side has done with a call that it has not made, an object, or waiting for one. What is
    /// under way is not called back: it ends with its answer.
    pub(crate) fn release(&self, host: &Rc<dyn Host>, handle: CallHandle) {
        match self.phase(handle) {
            None | Some(Phase::Made | Phase::Abandoned) => {}
            Some(Phase::MadeToStay) => self.set_phase(handle, Phase::Abandoned),
            Some(Phase::Prepared | Phase::Object) => {
                self.end(host, handle, Err(CallError::Aborted));
            }
        }
    }

    /// Ends a call: who waits has the answer, then the host hears that its handle is free.
    fn end(&self, host: &Rc<dyn Host>, handle: CallHandle, result: Result<Vec<u8>, CallError>) {
        let call = self.calls.borrow_mut().remove(&handle);
        let Some(call) = call else { return };
        call.answer.set(result);
        host.release(handle);
        self.remove_callbacks(call.callbacks);
    }

    fn remove_callbacks(&self, handles: Vec<CallHandle>) {
        for handle in handles {
            self.callbacks.remove(handle);
        }
    }

    fn phase(&self, handle: CallHandle) -> Option<Phase> {
        self.calls.borrow().get(&handle).map(|call| call.phase)
    }

    fn set_phase(&self, handle: CallHandle, phase: Phase) {
        if let Some(call) = self.calls.borrow_mut().get_mut(&handle) {
            call.phase = phase;
        }
    }

    fn answer(&self, handle: CallHandle) -> Option<Arc<Answer>> {
        self.calls.borrow().get(&handle).map(|call| Arc::clone(&call.answer))
    }
}
