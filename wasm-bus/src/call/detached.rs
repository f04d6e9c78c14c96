use super::CallInstance;
use crate::{CallHandle, engine};
use std::{borrow::Cow, ops::Deref};

/// A call that has been answered and lives on: an object of the far side's.
///
/// Its callbacks go on, and calls may name it as their parent. When it is dropped, the far side
/// drops its object. The far side may end first; calls to the object then fail with
/// [`CallError::InvalidHandle`](crate::CallError::InvalidHandle).
#[derive(Debug)]
pub struct DetachedCall<T> {
    held: Held,
    result: T,
    wapm: Cow<'static, str>,
    instance: Option<CallInstance>,
}

impl<T> DetachedCall<T> {
    pub(super) fn new(
        held: Held,
        result: T,
        wapm: Cow<'static, str>,
        instance: Option<CallInstance>,
    ) -> Self {
        DetachedCall { held, result, wapm, instance }
    }

    /// The module whose object it is.
    pub fn wapm(&self) -> Cow<'static, str> {
        self.wapm.clone()
    }

    /// The instance of that module, where one was named.
    pub fn instance(&self) -> Option<&CallInstance> {
        self.instance.as_ref()
    }

    /// The same, as a value of its own.
    pub fn clone_instance(&self) -> Option<CallInstance> {
        self.instance.clone()
    }

    /// The name of that instance.
    pub fn instance_ref(&self) -> Option<&str> {
        self.instance().map(CallInstance::instance)
    }

    /// What gives access to that instance.
    pub fn access_token(&self) -> Option<&str> {
        self.instance().map(CallInstance::access_token)
    }

    /// The handle of the object, which calls to it name as their parent.
    pub fn handle(&self) -> CallHandle {
        self.held.handle()
    }
}

/// The answer to the call.
impl<T> Deref for DetachedCall<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.result
    }
}

/// Sees to it that the handle of an object, or of a call that is not made, is given back to the host.
/// Those of other calls go back with their answers.
#[derive(Debug)]
pub(super) struct Held(CallHandle);

impl Held {
    pub(super) fn new(handle: CallHandle) -> Self {
        Held(handle)
    }

    pub(super) fn handle(&self) -> CallHandle {
        self.0
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        engine::with(|engine| engine.release(self.0));
    }
}
