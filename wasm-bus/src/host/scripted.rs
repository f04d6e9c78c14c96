use super::{Host, Outgoing};
use crate::{CallHandle, engine};
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
};

/// A host that writes down what a module asks of it, and in `poll` does what a test has said.
#[derive(Default)]
pub(crate) struct ScriptedHost {
    asked: RefCell<Vec<String>>,
    handles: RefCell<VecDeque<u32>>,
    last_handle: Cell<u32>,
    refusal: Cell<u32>,
    polls: RefCell<VecDeque<Box<dyn FnOnce()>>>,
}

impl ScriptedHost {
    /// The host of this thread from now on, with no script yet.
    pub(crate) fn install() -> Rc<Self> {
        let host = Rc::new(ScriptedHost::default());
        engine::with(|engine| engine.set_host(Rc::clone(&host) as Rc<dyn Host>));
        host
    }

    /// What happens in the next `poll` that nothing has been said of yet.
    pub(crate) fn on_poll(&self, happens: impl FnOnce() + 'static) {
        self.polls.borrow_mut().push_back(Box::new(happens));
    }

    /// These come first among the handles; then 1, 2 and so on.
    pub(crate) fn give_handles(&self, handles: impl IntoIterator<Item = u32>) {
        self.handles.borrow_mut().extend(handles);
    }

    /// What every call is refused with.
    pub(crate) fn refuse_calls(&self, code: u32) {
        self.refusal.set(code);
    }

    /// What the module has asked since this was called last, handles apart.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.take()
    }

    fn note(&self, what: String) {
        self.asked.borrow_mut().push(what);
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl Host for ScriptedHost {
    fn handle(&self) -> CallHandle {
        let given = self.handles.borrow_mut().pop_front();
        let handle = given.unwrap_or_else(|| {
            self.last_handle.set(self.last_handle.get() + 1);
            self.last_handle.get()
        });
        handle.into()
    }

    fn callback(&self, call: CallHandle, handle: CallHandle, topic: &str) {
        self.note(format!("callback {} {} {topic}", call.id, handle.id));
    }

    fn call(&self, call: &Outgoing<'_>) -> u32 {
        let Outgoing { parent, handle, keepalive, instance, wapm, topic, request } = call;
        let parent = parent.map_or("-".to_owned(), |parent| parent.id.to_string());
        let instance = instance
            .map(|at| format!("{}({}) ", at.instance(), at.access_token()))
            .unwrap_or_default();
        let (handle, keeps) = (handle.id, u8::from(*keepalive));
        let request = text(request);
        self.note(format!("call {parent} {handle} {keeps} {instance}{wapm} {topic} {request}"));
        self.refusal.get()
    }

    fn release(&self, handle: CallHandle) {
        self.note(format!("drop {}", handle.id));
    }

    fn poll(&self) {
        self.note("poll".to_owned());
        let happens = self.polls.borrow_mut().pop_front();
        happens.expect("the module waits for something that has been said")();
    }

    fn listen(&self, topic: &str) {
        self.note(format!("listen {topic}"));
    }

    fn fork(&self) {
        self.note("fork".to_owned());
    }

    fn reply(&self, handle: CallHandle, response: &[u8]) {
        self.note(format!("reply {} {}", handle.id, text(response)));
    }

    fn fault(&self, handle: CallHandle, error: u32) {
        self.note(format!("fault {} {error}", handle.id));
    }

    fn reply_callback(&self, handle: CallHandle, topic: &str, message: &[u8]) {
        self.note(format!("reply_callback {} {topic} {}", handle.id, text(message)));
    }

    fn thread_id(&self) -> u32 {
        7
    }
}
