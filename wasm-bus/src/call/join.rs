use super::Call;
use crate::{CallError, SerializationFormat, engine::Reply};
use serde::de::DeserializeOwned;
use std::{
    fmt,
    future::Future,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll},
};

/// The outcome of a call, as a future.
///
/// Dropping it takes nothing back: the call goes on.
#[must_use = "an outcome is known to who waits for it"]
pub struct CallJoin<T> {
    call: Call,
    reply: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> CallJoin<T> {
    pub(super) fn new(call: Call) -> Self {
        CallJoin { call, reply: PhantomData }
    }

    /// Waits for the outcome: it blocks, as [`block_on`](crate::task::block_on) does.
    ///
    /// # Errors
    ///
    /// Why the call failed; [`CallError::DeserializationFailed`] where its reply is no `T`.
    ///
    /// # Panics
    ///
    /// As [`block_on`](crate::task::block_on) does.
    pub fn wait(self) -> Result<T, CallError> {
        crate::task::block_on(self)
    }

    /// The outcome where it is known, and `None` where it is not. It does not wait, and nothing
    /// becomes known while the module does nothing else: the host tells it when the module waits.
    ///
    /// # Errors
    ///
    /// As for [`wait`](CallJoin::wait).
    pub fn try_wait(&mut self) -> Result<Option<T>, CallError> {
        self.call.answer.now().map(|reply| decode(self.call.format, reply)).transpose()
    }

    /// Leaves the call to itself: its outcome is nobody's.
    pub fn spawn(self) {
        drop(self);
    }
}

impl<T: DeserializeOwned> Future for CallJoin<T> {
    type Output = Result<T, CallError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.call.answer.poll(context).map(|reply| decode(self.call.format, reply))
    }
}

impl<T> Clone for CallJoin<T> {
    fn clone(&self) -> Self {
        CallJoin { call: self.call.clone(), reply: PhantomData }
    }
}

impl<T> fmt::Debug for CallJoin<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("CallJoin").field(&self.call).finish()
    }
}

fn decode<T: DeserializeOwned>(format: SerializationFormat, reply: Reply) -> Result<T, CallError> {
    format.decode(&reply?)
}
