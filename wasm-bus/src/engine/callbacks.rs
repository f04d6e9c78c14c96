use crate::CallHandle;
use std::{
    cell::RefCell,
    collections::{BTreeMap, VecDeque},
    fmt,
};

/// What is called with each message for a callback.
pub(crate) type Receiver = Box<dyn FnMut(Vec<u8>)>;

/// The callbacks of this module's own calls.
///
/// Nothing is borrowed while one runs or is dropped, as both are the user's code.
#[derive(Default)]
pub(crate) struct Callbacks {
    receivers: RefCell<BTreeMap<CallHandle, Entry>>,
}

struct Entry {
    /// Nowhere while it runs.
    receiver: Option<Receiver>,
    /// Messages that came while it ran: it blocks, and the host goes on telling what happens.
    waiting: VecDeque<Vec<u8>>,
}

impl Callbacks {
    pub(crate) fn contains(&self, handle: CallHandle) -> bool {
        self.receivers.borrow().contains_key(&handle)
    }

    pub(crate) fn insert(&self, handle: CallHandle, receiver: Receiver) {
        let entry = Entry { receiver: Some(receiver), waiting: VecDeque::new() };
        let before = self.receivers.borrow_mut().insert(handle, entry);
        drop(before);
    }

    pub(crate) fn remove(&self, handle: CallHandle) {
        let entry = self.receivers.borrow_mut().remove(&handle);
        drop(entry);
    }

    /// Hands a message to the callback of that handle, if there is one. A message that comes while
    /// the callback runs is handed over when it has returned: their order is kept.
    pub(crate) fn receive(&self, handle: CallHandle, message: Vec<u8>) {
        let Some(mut receiver) = self.take(handle, &message) else { return };
        receiver(message);
        while let Some(message) = self.next(handle) {
            receiver(message);
        }
        self.put_back(handle, receiver);
    }

    fn take(&self, handle: CallHandle, message: &[u8]) -> Option<Receiver> {
        let mut receivers = self.receivers.borrow_mut();
        let entry = receivers.get_mut(&handle)?;
        let receiver = entry.receiver.take();
        if receiver.is_none() {
            entry.waiting.push_back(message.to_vec());
        }
        receiver
    }

    fn next(&self, handle: CallHandle) -> Option<Vec<u8>> {
        self.receivers.borrow_mut().get_mut(&handle)?.waiting.pop_front()
    }

    fn put_back(&self, handle: CallHandle, receiver: Receiver) {
        let mut receivers = self.receivers.borrow_mut();
        match receivers.get_mut(&handle) {
            Some(entry) => entry.receiver = Some(receiver),
            // Its call has ended while it ran.
            None => {
                drop(receivers);
                drop(receiver);
            }
        }
    }
}

impl fmt::Debug for Callbacks {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let receivers = self.receivers.try_borrow().map(|receivers| receivers.len());
        formatter.debug_struct("Callbacks").field("receivers", &receivers.ok()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::Callbacks;
    use crate::CallHandle;
    use std::{cell::RefCell, rc::Rc};

    const HANDLE: CallHandle = CallHandle { id: 7 };

    #[test]
    fn messages_for_nobody_are_dropped() {
        let callbacks = Callbacks::default();
        callbacks.receive(HANDLE, vec![1]);
        callbacks.remove(HANDLE);
        assert!(!callbacks.contains(HANDLE));
    }

    #[test]
    fn a_message_that_comes_while_the_callback_runs_comes_after() {
        let (callbacks, log) = (Rc::new(Callbacks::default()), Rc::new(RefCell::new(Vec::new())));
        let (inner, seen) = (Rc::clone(&callbacks), Rc::clone(&log));
        let receiver = Box::new(move |message: Vec<u8>| {
            if message == [1] {
                inner.receive(HANDLE, vec![2]);
                inner.receive(HANDLE, vec![3]);
            }
            seen.borrow_mut().push(message[0]);
        });
        callbacks.insert(HANDLE, receiver);
        callbacks.receive(HANDLE, vec![1]);
        callbacks.receive(HANDLE, vec![4]);
        assert_eq!(*log.borrow(), [1, 2, 3, 4]);
    }

    #[test]
    fn a_callback_may_end_itself() {
        let callbacks = Rc::new(Callbacks::default());
        let (inner, held) = (Rc::clone(&callbacks), Rc::new(()));
        let alive = Rc::downgrade(&held);
        let receiver = Box::new(move |_| {
            let _ = &held;
            inner.receive(HANDLE, vec![2]);
            inner.remove(HANDLE);
        });
        callbacks.insert(HANDLE, receiver);
        callbacks.receive(HANDLE, vec![1]);
        assert!(!callbacks.contains(HANDLE));
        assert!(alive.upgrade().is_none(), "what it held is gone");
    }
}
