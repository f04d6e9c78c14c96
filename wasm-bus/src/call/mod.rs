//! A call from its making to its end.

mod builder;
mod detached;
mod instance;
mod join;
mod target;

pub use builder::CallBuilder;
pub use detached::DetachedCall;
pub use instance::CallInstance;
pub use join::CallJoin;
pub use target::Target;

use crate::{CallHandle, SerializationFormat, engine::Answer};
use serde::{Serialize, de::DeserializeOwned};
use std::{borrow::Cow, fmt, sync::Arc};

/// Prepares a call to the module `wapm`, or to the host where that is `os`.
///
/// Its topic is the name of the type of `request`, as [`std::any::type_name`] gives it. `instance`
/// says in which instance of the module it is; what instances there are is the host's affair.
///
/// ```no_run
/// use std::borrow::Cow;
/// use wasm_bus::abi::{SerializationFormat, call};
///
/// #[derive(serde::Serialize)]
/// struct Question {
///     text: String,
/// }
///
/// let question = Question { text: "how much is it?".to_owned() };
/// let call = call(Cow::Borrowed("oracle"), SerializationFormat::Json, None, question);
/// let answer: Result<u32, _> = call.invoke().join().wait();
/// ```
pub fn call<T: Serialize>(
    wapm: Cow<'static, str>,
    format: SerializationFormat,
    instance: Option<CallInstance>,
    request: T,
) -> CallBuilder {
    call_ext(None, wapm, format, instance, request)
}

/// Prepares a call as [`call`] does, of a method of the object `parent` where there is one.
pub fn call_ext<T: Serialize>(
    parent: Option<CallHandle>,
    wapm: Cow<'static, str>,
    format: SerializationFormat,
    instance: Option<CallInstance>,
    request: T,
) -> CallBuilder {
    let topic = std::any::type_name::<T>();
    CallBuilder::new(parent, wapm, instance, topic, format, &request)
}

/// A call that has been made.
///
/// It goes on whether or not somebody waits for it; a call cannot be taken back.
#[derive(Clone)]
#[must_use = "a call's outcome is known to who joins it"]
pub struct Call {
    handle: CallHandle,
    wapm: Cow<'static, str>,
    instance: Option<CallInstance>,
    format: SerializationFormat,
    answer: Arc<Answer>,
}

impl Call {
    /// The number of its handle.
    pub fn id(&self) -> u32 {
        self.handle.id
    }

    /// Its handle.
    pub fn handle(&self) -> CallHandle {
        self.handle
    }

    /// The module that is called.
    pub fn wapm(&self) -> Cow<'static, str> {
        self.wapm.clone()
    }

    /// The instance of it, where one was named.
    pub fn instance(&self) -> Option<&CallInstance> {
        self.instance.as_ref()
    }

    /// The name of that instance.
    pub fn instance_ref(&self) -> Option<&str> {
        self.instance().map(CallInstance::instance)
    }

    /// What gives access to that instance.
    pub fn access_token(&self) -> Option<&str> {
        self.instance().map(CallInstance::access_token)
    }

    /// Prepares a call whose parent is this one.
    pub fn call<T: Serialize>(&self, format: SerializationFormat, request: T) -> CallBuilder {
        call_ext(Some(self.handle), self.wapm(), format, self.instance.clone(), request)
    }

    /// The outcome of the call, for somebody to wait for.
    pub fn join<T: DeserializeOwned>(self) -> CallJoin<T> {
        CallJoin::new(self)
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Call")
            .field("handle", &self.handle)
            .field("wapm", &self.wapm)
            .field("instance", &self.instance)
            .finish_non_exhaustive()
    }
}
