use super::{
    Call, CallError, CallKey, Callee, Caller,
    mailbox::{Answer, Mailbox, Request},
};
use crate::GuestLimits;
use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
};

/// Stands for no call where a guest names a parent.
pub(crate) const NO_HANDLE: u32 = u32::MAX;

/// What one guest has to do with the bus: its calls with their callbacks, the objects that they have
/// become, and the calls that it answers. All of them have numbers of one space, which the guest and its
/// host make up together; what a number means is looked up here and nowhere else.
///
/// It does no I/O and calls nobody: what is to be told to the guest is a [`Delivery`].
pub(crate) struct Desk {
    mailbox: Arc<Mailbox>,
    last_handle: u32,
    last_serial: u64,
    /// Callbacks of calls that have not been made yet.
    prepared: HashMap<u32, Vec<(String, u32)>>,
    calls: HashMap<u32, OwnCall>,
    /// The numbers of calls, by the serial that the far side knows them by.
    by_serial: HashMap<u64, u32>,
    /// The numbers of all callbacks, those that are prepared included.
    callbacks: HashSet<u32>,
    owed: HashMap<u32, OwedCall>,
    owed_to_others: usize,
    by_caller: HashMap<CallKey, u32>,
    /// Callbacks that the guest is handling a message of, the innermost last.
    busy: Vec<u32>,
    /// What has to wait until the guest is done with one of them.
    held: VecDeque<Answer>,
    /// Through how many guests calls have led to the one that the guest takes in just now.
    depth: u32,
}

/// A call of the guest's own.
struct OwnCall {
    serial: u64,
    /// None once the far side has closed the object.
    callee: Option<Box<dyn Callee>>,
    is_object: bool,
    is_kept: bool,
    /// By their topics, with their numbers: a few at most.
    callbacks: Vec<(String, u32)>,
}

impl OwnCall {
    fn callback(&self, topic: &str) -> Option<u32> {
        self.callbacks.iter().find(|(of, _)| of == topic).map(|(_, number)| *number)
    }
}

/// A call that the guest is to answer, or that has become an object of its own.
struct OwedCall {
    caller: Caller,
}

/// Something to tell the guest, by one of its exports.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    Start { parent: u32, handle: u32, topic: String, request: Vec<u8> },
    Finish { handle: u32, bytes: Vec<u8> },
    Error { handle: u32, error: CallError },
    Drop { handle: u32 },
}

/// What a guest says of a call that it makes.
#[derive(Debug)]
pub(crate) struct NewCall {
    pub(crate) parent: u32,
    pub(crate) handle: u32,
    pub(crate) is_kept: bool,
    pub(crate) topic: String,
    pub(crate) request: Vec<u8>,
}

impl Desk {
    pub(crate) fn new(mailbox: Arc<Mailbox>) -> Self {
        Self {
            mailbox,
            last_handle: 0,
            last_serial: 0,
            prepared: HashMap::new(),
            calls: HashMap::new(),
            by_serial: HashMap::new(),
            callbacks: HashSet::new(),
            owed: HashMap::new(),
            owed_to_others: 0,
            by_caller: HashMap::new(),
            busy: Vec::new(),
            held: VecDeque::new(),
            depth: 0,
        }
    }

    /// A number that the guest does not have in use.
    pub(crate) fn new_handle(&mut self) -> u32 {
        loop {
            self.last_handle = self.last_handle.wrapping_add(1);
            if self.is_free(self.last_handle) {
                return self.last_handle;
            }
        }
    }

    /// Notes that a call which will be made takes messages for `topic` under this number.
    pub(crate) fn callback(&mut self, parent: u32, handle: u32, topic: String) {
        let is_one_more = self.callbacks.len() < self.limits().bus_callbacks;
        if self.calls.contains_key(&parent) || !self.is_free(handle) || !is_one_more {
            return;
        }
        self.callbacks.insert(handle);
        self.prepared.entry(parent).or_default().push((topic, handle));
    }

    /// Makes a call: on the object that its parent is, or to whom `connect` finds.
    ///
    /// # Errors
    ///
    /// The number is in use, or the parent is no object; a bound is reached; or whoever was to be called
    /// cannot be. The guest hears nothing more of the call.
    pub(crate) fn call(
        &mut self,
        new: NewCall,
        connect: impl FnOnce(Call) -> Result<Box<dyn Callee>, CallError>,
    ) -> Result<(), CallError> {
        let NewCall { parent, handle, is_kept, topic, request } = new;
        let prepared = self.prepared.remove(&handle).unwrap_or_default();
        let numbers: Vec<u32> = prepared.iter().map(|(_, callback)| *callback).collect();
        let called = self.start(handle, parent, is_kept, (topic, request), connect);
        match called {
            Ok((serial, callee)) => {
                let callbacks = prepared;
                let callee = Some(callee);
                let call = OwnCall { serial, callee, is_object: false, is_kept, callbacks };
                self.calls.insert(handle, call);
                self.by_serial.insert(serial, handle);
                Ok(())
            }
            Err(error) => {
                self.forget_callbacks(numbers);
                Err(error)
            }
        }
    }

    fn start(
        &mut self,
        handle: u32,
        parent: u32,
        is_kept: bool,
        (topic, request): (String, Vec<u8>),
        connect: impl FnOnce(Call) -> Result<Box<dyn Callee>, CallError>,
    ) -> Result<(u64, Box<dyn Callee>), CallError> {
        if !self.is_free(handle) {
            return Err(CallError::INVALID_HANDLE);
        }
        let limits = self.limits();
        let too_large = topic.len() + request.len() > limits.bus_message_bytes;
        if too_large || self.calls.len() >= limits.bus_calls {
            return Err(CallError::MEMORY_ALLOCATION_FAILED);
        }
        self.last_serial += 1;
        let serial = self.last_serial;
        self.mailbox.begin_call(serial)?;
        let key = CallKey { caller: self.mailbox.id(), serial };
        let mut caller = Caller::new(self.mailbox.clone(), key, is_kept);
        let object = if parent == NO_HANDLE {
            None
        } else {
            let object = self.calls.get_mut(&parent).filter(|call| call.is_object);
            let Some(callee) = object.and_then(|call| call.callee.as_mut()) else {
                caller.forget();
                self.mailbox.end_call(serial);
                return Err(CallError::INVALID_HANDLE);
            };
            Some(callee)
        };
        let depth = self.depth + 1;
        let call = Call { caller, parent: None, topic, request, depth };
        let called = match object {
            Some(object) => object.call(call),
            None => connect(call),
        };
        if called.is_err() {
            self.mailbox.retract_call(serial);
        }
        Ok((serial, called?))
    }

    /// The guest is done with a call or an object, or with a call that it has not made.
    pub(crate) fn drop_handle(&mut self, handle: u32) {
        if let Some(prepared) = self.prepared.remove(&handle) {
            self.forget_callbacks(prepared.into_iter().map(|(_, callback)| callback));
        }
        self.forget_call(handle);
        // An object of its own that it closes first, or a call that it will not answer.
        self.forget_owed(handle);
    }

    /// Answers a call. Nothing happens where there is none, or it was answered before.
    pub(crate) fn reply(&mut self, handle: u32, response: Vec<u8>) {
        let Some(owed) = self.owed.get_mut(&handle) else { return };
        if !owed.caller.is_owed() {
            return;
        }
        owed.caller.reply(response);
        if !owed.caller.takes_messages() {
            self.forget_owed(handle);
        }
    }

    /// Fails a call likewise.
    pub(crate) fn fault(&mut self, handle: u32, error: CallError) {
        let Some(owed) = self.owed.get_mut(&handle) else { return };
        // What the guest has under that number it frees when the caller is done with it.
        owed.caller.fault(error);
    }

    /// Ends a call that is to be answered, as its caller takes too little, or the guest says too much.
    /// The guest hears of it when the caller has.
    pub(crate) fn break_off(&mut self, handle: u32) {
        if let Some(owed) = self.owed.get_mut(&handle) {
            owed.caller.break_off();
        }
    }

    /// The far side of a call that the guest answers, to feed its callbacks.
    pub(crate) fn caller(&self, handle: u32) -> Option<&Caller> {
        self.owed.get(&handle).map(|owed| &owed.caller).filter(|caller| caller.takes_messages())
    }

    /// What the guest is to be told next, of what concerns its own calls.
    pub(crate) fn next_answer(&mut self) -> Option<Delivery> {
        while let Some(answer) = self.next_held() {
            if let Some(delivery) = self.deliver(answer) {
                return Some(delivery);
            }
        }
        while let Some(answer) = self.mailbox.take_answer() {
            if self.is_busy_with(&answer) || self.held.iter().any(|held| held.key() == answer.key())
            {
                self.mailbox.charge(&answer);
                self.held.push_back(answer);
            } else if let Some(delivery) = self.deliver(answer) {
                return Some(delivery);
            }
        }
        None
    }

    /// The first of what is held that needs not wait any longer. What concerns one call stays in order.
    fn next_held(&mut self) -> Option<Answer> {
        let mut waiting = HashSet::new();
        let at = self.held.iter().position(|held| {
            let waits = waiting.contains(&held.key()) || self.is_busy_with(held);
            if waits {
                waiting.insert(held.key());
            }
            !waits
        })?;
        let held = self.held.remove(at)?;
        self.mailbox.discharge(&held);
        Some(held)
    }

    /// What the guest is to be told next, when nothing of it is under way.
    pub(crate) fn next(&mut self) -> Option<Delivery> {
        self.next_answer().or_else(|| self.next_request())
    }

    /// What the guest is asked for next.
    pub(crate) fn next_request(&mut self) -> Option<Delivery> {
        loop {
            match self.mailbox.take_request()? {
                Request::Call(mut call) => {
                    let parent = call.parent.map(|key| self.by_caller.get(&key).copied());
                    if parent == Some(None) {
                        call.caller.fault(CallError::INVALID_HANDLE);
                    } else if self.owed.len() >= self.limits().bus_calls {
                        call.caller.fault(CallError::MEMORY_ALLOCATION_FAILED);
                    } else {
                        let handle = self.new_handle();
                        self.owed_to_others += usize::from(!self.is_mine(call.caller.key()));
                        self.by_caller.insert(call.caller.key(), handle);
                        self.owed.insert(handle, OwedCall { caller: call.caller });
                        self.depth = call.depth;
                        let parent = parent.flatten().unwrap_or(NO_HANDLE);
                        let Call { topic, request, .. } = call;
                        return Some(Delivery::Start { parent, handle, topic, request });
                    }
                }
                Request::Dropped(key) => {
                    let Some(handle) = self.by_caller.get(&key).copied() else { continue };
                    if let Some(mut owed) = self.remove_owed(handle) {
                        owed.caller.forget();
                    }
                    return Some(Delivery::Drop { handle });
                }
            }
        }
    }

    /// Notes that the guest begins to handle what it is told. Where that is a message of a callback,
    /// the callback is returned, for [`end`](Self::end).
    pub(crate) fn begin(&mut self, delivery: &Delivery) -> Option<u32> {
        let Delivery::Finish { handle, .. } = delivery else { return None };
        let callback = self.callbacks.get(handle).copied()?;
        self.busy.push(callback);
        Some(callback)
    }

    /// Notes that the guest is done with it.
    pub(crate) fn end(&mut self, callback: Option<u32>) {
        // What it does from here on is of its own accord.
        self.depth = 0;
        if callback.is_some() {
            self.busy.pop();
        }
    }

    /// How many calls of others are open: they wait for the guest, or for its answer, or have become
    /// objects. Those of its own do not count.
    pub(crate) fn open_calls(&self) -> usize {
        self.owed_to_others + self.mailbox.calls_of_others()
    }

    /// Ends the calls of others, and the objects that they have become: the guest is put aside.
    pub(crate) fn end_open_calls(&mut self) {
        self.owed.values_mut().for_each(|owed| owed.caller.end());
        self.mailbox.refuse_calls(CallError::ABORTED);
    }

    /// Whether there is something that the guest has not been told of.
    pub(crate) fn has_more(&self) -> bool {
        !self.mailbox.is_empty() || (!self.held.is_empty() && self.busy.is_empty())
    }

    fn deliver(&mut self, answer: Answer) -> Option<Delivery> {
        let handle = *self.by_serial.get(&answer.key().serial)?;
        match answer {
            Answer::Message(_, topic, bytes) => {
                let callback = self.calls.get(&handle)?.callback(&topic)?;
                Some(Delivery::Finish { handle: callback, bytes })
            }
            Answer::Reply(_, bytes) => {
                let call = self.calls.get_mut(&handle)?;
                if call.is_kept {
                    call.is_object = true;
                } else {
                    self.end_call(handle);
                }
                Some(Delivery::Finish { handle, bytes })
            }
            Answer::Fault(_, error) => {
                if self.calls.get(&handle)?.is_object {
                    // It was answered, and what comes next closes it.
                    return None;
                }
                self.forget_call(handle);
                Some(Delivery::Error { handle, error })
            }
            Answer::Closed(_) => {
                let call = self.calls.get_mut(&handle)?;
                call.callee = None;
                let callbacks = std::mem::take(&mut call.callbacks);
                self.forget_callbacks(callbacks.into_iter().map(|(_, number)| number));
                Some(Delivery::Drop { handle })
            }
        }
    }

    /// Whether this is for a callback that the guest is handling a message of: it keeps a lock on it.
    fn is_busy_with(&self, answer: &Answer) -> bool {
        let Answer::Message(key, topic, _) = answer else { return false };
        let call = self.by_serial.get(&key.serial).and_then(|handle| self.calls.get(handle));
        let callback = call.and_then(|call| call.callback(topic));
        callback.is_some_and(|callback| self.busy.contains(&callback))
    }

    /// A call has had its answer, and is no object.
    fn end_call(&mut self, handle: u32) {
        if let Some(mut call) = self.remove_call(handle)
            && let Some(callee) = call.callee.take()
        {
            callee.answered();
        }
    }

    fn forget_call(&mut self, handle: u32) {
        drop(self.remove_call(handle));
    }

    fn remove_call(&mut self, handle: u32) -> Option<OwnCall> {
        let call = self.calls.remove(&handle)?;
        self.by_serial.remove(&call.serial);
        self.mailbox.end_call(call.serial);
        self.forget_callbacks(call.callbacks.iter().map(|(_, number)| *number));
        Some(call)
    }

    fn forget_callbacks(&mut self, callbacks: impl IntoIterator<Item = u32>) {
        for callback in callbacks {
            self.callbacks.remove(&callback);
        }
    }

    fn forget_owed(&mut self, handle: u32) {
        drop(self.remove_owed(handle));
    }

    fn remove_owed(&mut self, handle: u32) -> Option<OwedCall> {
        let owed = self.owed.remove(&handle)?;
        self.owed_to_others -= usize::from(!self.is_mine(owed.caller.key()));
        self.by_caller.remove(&owed.caller.key());
        Some(owed)
    }

    /// Whether a call is of the guest's own.
    fn is_mine(&self, key: CallKey) -> bool {
        key.caller == self.mailbox.id()
    }

    fn is_free(&self, handle: u32) -> bool {
        handle != 0
            && handle != NO_HANDLE
            && !self.calls.contains_key(&handle)
            && !self.callbacks.contains(&handle)
            && !self.owed.contains_key(&handle)
    }

    fn limits(&self) -> &GuestLimits {
        self.mailbox.limits()
    }
}

impl Answer {
    pub(super) fn key(&self) -> CallKey {
        match self {
            Answer::Reply(key, _)
            | Answer::Fault(key, _)
            | Answer::Message(key, ..)
            | Answer::Closed(key) => *key,
        }
    }
}

/// The guest has ended: whom it owed answers learns of that, and so does whom it has called.
impl Drop for Desk {
    fn drop(&mut self) {
        self.mailbox.close();
    }
}

#[cfg(test)]
mod tests;
