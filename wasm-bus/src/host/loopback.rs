use super::{Host, Outgoing};
use crate::{CallHandle, engine};
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
    rc::Rc,
};

/// A host whose only module calls itself, by whatever name: each call comes back to it as somebody
/// else's. What happens is told from outside, by [`LoopbackHost::run`].
#[derive(Default)]
pub(crate) struct LoopbackHost {
    state: RefCell<State>,
    last_handle: Cell<u32>,
}

#[derive(Default)]
struct State {
    /// By the caller's handle.
    calls: BTreeMap<CallHandle, Call>,
    /// The caller's handle by the callee's.
    callers: BTreeMap<CallHandle, CallHandle>,
    prepared: BTreeMap<CallHandle, Vec<(String, CallHandle)>>,
    events: VecDeque<Event>,
}

struct Call {
    callee: CallHandle,
    callbacks: Vec<(String, CallHandle)>,
    keepalive: bool,
}

enum Event {
    Start { parent: Option<CallHandle>, handle: CallHandle, topic: String, request: Vec<u8> },
    Finish(CallHandle, Vec<u8>),
    Error(CallHandle, u32),
    Drop(CallHandle),
}

impl LoopbackHost {
    /// The host of this thread from now on.
    pub(crate) fn install() -> Rc<Self> {
        let host = Rc::new(LoopbackHost::default());
        engine::with(|engine| engine.set_host(Rc::clone(&host) as Rc<dyn Host>));
        host
    }

    /// Tells the module what happens until nothing does.
    pub(crate) fn run(&self) {
        engine::with(|engine| {
            engine.run_ready();
            while let Some(event) = self.next() {
                match event {
                    Event::Start { parent, handle, topic, request } => {
                        engine.start(parent, handle, &topic, request);
                    }
                    Event::Finish(handle, data) => engine.finish(handle, data),
                    Event::Error(handle, error) => engine.error(handle, error.into()),
                    Event::Drop(handle) => engine.closed(handle),
                }
            }
        });
    }

    /// How many calls and objects there are.
    pub(crate) fn open(&self) -> usize {
        self.state.borrow().calls.len()
    }

    /// The far side of every object ends, as its callers are told next.
    pub(crate) fn end_objects(&self) {
        let state = &mut *self.state.borrow_mut();
        let objects = state.calls.iter().filter(|(_, call)| call.keepalive);
        state.events.extend(objects.map(|(handle, _)| Event::Drop(*handle)));
    }

    fn next(&self) -> Option<Event> {
        self.state.borrow_mut().events.pop_front()
    }

    fn answer(&self, callee: CallHandle, event: impl FnOnce(CallHandle) -> Event, ends: bool) {
        let state = &mut *self.state.borrow_mut();
        let Some(&caller) = state.callers.get(&callee) else { return };
        let keepalive = state.calls.get(&caller).is_some_and(|call| call.keepalive);
        if ends || !keepalive {
            state.callers.remove(&callee);
        }
        state.events.push_back(event(caller));
    }
}

impl Host for LoopbackHost {
    fn handle(&self) -> CallHandle {
        self.last_handle.set(self.last_handle.get() + 1);
        self.last_handle.get().into()
    }

    fn callback(&self, call: CallHandle, handle: CallHandle, topic: &str) {
        let prepared = &mut self.state.borrow_mut().prepared;
        prepared.entry(call).or_default().push((topic.to_owned(), handle));
    }

    fn call(&self, call: &Outgoing<'_>) -> u32 {
        let callee = self.handle();
        let state = &mut *self.state.borrow_mut();
        let parent = call.parent.map(|parent| state.calls[&parent].callee);
        let callbacks = state.prepared.remove(&call.handle).unwrap_or_default();
        let made = Call { callee, callbacks, keepalive: call.keepalive };
        state.calls.insert(call.handle, made);
        state.callers.insert(callee, call.handle);
        let (topic, request) = (call.topic.to_owned(), call.request.to_vec());
        state.events.push_back(Event::Start { parent, handle: callee, topic, request });
        0
    }

    fn release(&self, handle: CallHandle) {
        let state = &mut *self.state.borrow_mut();
        state.prepared.remove(&handle);
        if let Some(call) = state.calls.remove(&handle) {
            state.callers.remove(&call.callee);
            state.events.push_back(Event::Drop(call.callee));
        }
    }

    fn poll(&self) {
        panic!("a module that calls itself cannot wait for itself");
    }

    fn listen(&self, _topic: &str) {}

    fn fork(&self) {}

    fn reply(&self, handle: CallHandle, response: &[u8]) {
        self.answer(handle, |caller| Event::Finish(caller, response.to_vec()), false);
    }

    fn fault(&self, handle: CallHandle, error: u32) {
        self.answer(handle, |caller| Event::Error(caller, error), true);
    }

    fn reply_callback(&self, handle: CallHandle, topic: &str, message: &[u8]) {
        let state = &mut *self.state.borrow_mut();
        let Some(call) = state.callers.get(&handle).and_then(|caller| state.calls.get(caller))
        else {
            return;
        };
        for (_, handle) in call.callbacks.iter().filter(|(other, _)| other == topic) {
            state.events.push_back(Event::Finish(*handle, message.to_vec()));
        }
    }

    fn thread_id(&self) -> u32 {
        1
    }
}
