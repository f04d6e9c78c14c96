use super::{Call, CallInstance, DetachedCall, detached::Held};
use crate::{
    CallError, CallHandle, SerializationFormat,
    engine::{self, Answer},
    host::Outgoing,
};
use serde::{Serialize, de::DeserializeOwned};
use std::{any::type_name, borrow::Cow, fmt, sync::Arc};

/// A call before it is made: it may still be given callbacks.
///
/// One that is dropped is never made.
#[must_use = "a call is made by `invoke` or `detach`"]
pub struct CallBuilder {
    /// Frees the handle where the call is not made.
    handle: Held,
    parent: Option<CallHandle>,
    wapm: Cow<'static, str>,
    instance: Option<CallInstance>,
    topic: &'static str,
    format: SerializationFormat,
    request: Result<Vec<u8>, CallError>,
    answer: Arc<Answer>,
}

impl CallBuilder {
    pub(super) fn new<T: Serialize + ?Sized>(
        parent: Option<CallHandle>,
        wapm: Cow<'static, str>,
        instance: Option<CallInstance>,
        topic: &'static str,
        format: SerializationFormat,
        request: &T,
    ) -> Self {
        let request = format.encode(request);
        let (handle, answer) = engine::with(engine::Engine::prepare);
        let handle = Held::new(handle);
        CallBuilder { handle, parent, wapm, instance, topic, format, request, answer }
    }

    /// Has `callback` called with each message that the far side sends for the type `C`, whose name
    /// is the topic, until the call has its answer or, for an object, until that ends. What is no
    /// `C` is dropped.
    pub fn callback<C, F>(self, format: SerializationFormat, callback: F) -> Self
    where
        C: DeserializeOwned + 'static,
        F: FnMut(C) + 'static,
    {
        self.callback_on(type_name::<C>(), format, callback)
    }

    /// The same, with a topic of any name.
    #[doc(hidden)]
    pub fn callback_on<C, F>(
        self,
        topic: &str,
        format: SerializationFormat,
        mut callback: F,
    ) -> Self
    where
        C: DeserializeOwned + 'static,
        F: FnMut(C) + 'static,
    {
        let receiver = move |message: Vec<u8>| {
            // Nobody answers a callback, so nobody can be told of a message that is none.
            if let Ok(message) = format.decode(&message) {
                callback(message);
            }
        };
        let handle = self.handle.handle();
        engine::with(|engine| engine.add_callback(handle, topic, Box::new(receiver)));
        self
    }

    /// Makes the call. It is over when it is answered.
    pub fn invoke(self) -> Call {
        self.make(false).0
    }

    /// Makes the call and waits for its answer. What it names then lives on as an object, for as long
    /// as the [`DetachedCall`] does.
    ///
    /// # Errors
    ///
    /// Why the call failed.
    pub async fn detach<T: DeserializeOwned>(self) -> Result<DetachedCall<T>, CallError> {
        let (call, held) = self.make(true);
        let (wapm, instance) = (call.wapm(), call.instance.clone());
        let result = call.join().await?;
        Ok(DetachedCall::new(held, result, wapm, instance))
    }

    fn make(self, keepalive: bool) -> (Call, Held) {
        let handle = self.handle.handle();
        engine::with(|engine| match &self.request {
            Ok(request) => engine.make(&Outgoing {
                parent: self.parent,
                handle,
                keepalive,
                instance: self.instance.as_ref(),
                wapm: &self.wapm,
                topic: self.topic,
                request,
            }),
            Err(error) => engine.fail(handle, *error),
        });
        let CallBuilder { handle: held, wapm, instance, format, answer, .. } = self;
        (Call { handle, wapm, instance, format, answer }, held)
    }
}

impl fmt::Debug for CallBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CallBuilder")
            .field("handle", &self.handle.handle())
            .field("wapm", &self.wapm)
            .field("topic", &self.topic)
            .finish_non_exhaustive()
    }
}
