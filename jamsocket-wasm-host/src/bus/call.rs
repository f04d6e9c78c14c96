use super::{
    CallError,
    mailbox::{Answer, Mailbox, Request},
};
use std::{sync::Arc, time::Duration};

/// A call, for as long as its caller knows of it, and whatever number a guest gives it meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct CallKey {
    /// Whose call it is, by its mailbox.
    pub(crate) caller: u64,
    /// The how-manieth of that caller's.
    pub(crate) serial: u64,
}

/// A call on its way to whoever is to answer it.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) caller: Caller,
    /// The call whose object this is made on.
    pub(crate) parent: Option<CallKey>,
    pub(crate) topic: String,
    pub(crate) request: Vec<u8>,
    /// Through how many guests calls have led to this one.
    pub(crate) depth: u32,
}

impl Call {
    /// What of it counts against what may wait.
    pub(crate) fn bytes(&self) -> usize {
        self.topic.len() + self.request.len()
    }
}

/// Who has made a call, as whoever answers it reaches them.
///
/// However this is dropped, the caller learns that the far side has ended: a call that was not answered
/// fails, and an object closes.
#[derive(Debug)]
pub(crate) struct Caller {
    mailbox: Arc<Mailbox>,
    key: CallKey,
    is_kept: bool,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Owed,
    Object,
    Over,
}

impl Caller {
    pub(crate) fn new(mailbox: Arc<Mailbox>, key: CallKey, is_kept: bool) -> Self {
        Self { mailbox, key, is_kept, state: State::Owed }
    }

    pub(crate) fn key(&self) -> CallKey {
        self.key
    }

    /// Whether the answer is still owed.
    pub(crate) fn is_owed(&self) -> bool {
        self.state == State::Owed
    }

    /// Whether its callbacks may be fed: the call is not answered yet, or has become an object.
    pub(crate) fn takes_messages(&self) -> bool {
        self.state != State::Over
    }

    /// Answers the call. It does nothing where that was done before.
    pub(crate) fn reply(&mut self, response: Vec<u8>) {
        if self.is_owed() {
            self.state = if self.is_kept { State::Object } else { State::Over };
            self.mailbox.answer(Answer::Reply(self.key, response));
        }
    }

    /// Fails the call likewise.
    pub(crate) fn fault(&mut self, error: CallError) {
        if self.is_owed() {
            self.state = State::Over;
            self.mailbox.answer(Answer::Fault(self.key, error));
        }
    }

    /// Sends a message to a callback of the call, once there is space for it. Who has no such callback
    /// ignores it. Comes to false where the call takes no messages any more.
    pub(crate) fn feed(
        &self,
        topic: String,
        message: Vec<u8>,
    ) -> impl Future<Output = bool> + Send + use<> {
        self.feed_within(self.mailbox.limits().bus_feed_time, topic, message)
    }

    /// The same, and waits for so long at most.
    pub(crate) fn feed_within(
        &self,
        patience: Duration,
        topic: String,
        message: Vec<u8>,
    ) -> impl Future<Output = bool> + Send + use<> {
        let (mailbox, key, takes) = (self.mailbox.clone(), self.key, self.takes_messages());
        async move { takes && mailbox.feed(patience, Answer::Message(key, topic, message)).await }
    }

    /// Ends the call, or the object that it has become: whoever answers is put aside.
    pub(crate) fn end(&mut self) {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Owed => self.mailbox.answer(Answer::Fault(self.key, CallError::ABORTED)),
            State::Object => self.mailbox.answer(Answer::Closed(self.key)),
            State::Over => {}
        }
    }

    /// Ends the call, or the object that it has become: too much was asked of it.
    pub(crate) fn break_off(&mut self) {
        if self.takes_messages() {
            self.state = State::Over;
            self.mailbox.break_off(self.key);
        }
    }

    /// Sends a last message and closes the object at one go, so that the caller sees both before it goes on.
    pub(crate) fn feed_and_close(mut self, topic: String, message: Vec<u8>) {
        let last = Answer::Message(self.key, topic, message);
        match std::mem::replace(&mut self.state, State::Over) {
            State::Owed => {
                let aborted = Answer::Fault(self.key, CallError::ABORTED);
                self.mailbox.answer_both(last, aborted);
            }
            State::Object => self.mailbox.answer_both(last, Answer::Closed(self.key)),
            State::Over => {}
        }
    }

    /// Has the caller learn nothing more: it knows.
    pub(crate) fn forget(&mut self) {
        self.state = State::Over;
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        self.end();
    }
}

/// Who answers a call, as its caller reaches them while the call lives. Dropping it is being done with
/// the call, or with the object that it has become.
pub(crate) trait Callee: Send {
    /// Makes a call on the object.
    ///
    /// # Errors
    ///
    /// There is none, or it takes no calls.
    fn call(&mut self, call: Call) -> Result<Box<dyn Callee>, CallError>;

    /// The call was replied to and is no object: nobody needs to be told of its end.
    fn answered(self: Box<Self>) {}
}

/// Another guest that answers.
#[derive(Debug)]
pub(crate) struct GuestCallee {
    mailbox: Arc<Mailbox>,
    key: CallKey,
    is_over: bool,
}

impl GuestCallee {
    /// Makes a call to the guest that has this mailbox.
    ///
    /// # Errors
    ///
    /// The guest has ended, or too much waits for it; calls have led through too many guests to this. The
    /// caller has been told so.
    pub(crate) fn call(
        mailbox: &Arc<Mailbox>,
        mut call: Call,
    ) -> Result<Box<dyn Callee>, CallError> {
        if call.depth > mailbox.limits().bus_depth {
            call.caller.fault(CallError::MEMORY_ALLOCATION_FAILED);
            return Err(CallError::MEMORY_ALLOCATION_FAILED);
        }
        let key = call.caller.key();
        mailbox.request(Request::Call(call))?;
        Ok(Box::new(Self { mailbox: mailbox.clone(), key, is_over: false }))
    }
}

impl Callee for GuestCallee {
    fn call(&mut self, call: Call) -> Result<Box<dyn Callee>, CallError> {
        Self::call(&self.mailbox, Call { parent: Some(self.key), ..call })
    }

    fn answered(mut self: Box<Self>) {
        self.is_over = true;
    }
}

impl Drop for GuestCallee {
    fn drop(&mut self) {
        if !self.is_over {
            // A guest that has ended needs not be told.
            let _ = self.mailbox.request(Request::Dropped(self.key));
        }
    }
}
