//! Answering the calls of others.

use crate::{
    CallError, CallHandle, SerializationFormat,
    engine::{self, Handler, InboundCall},
};
use serde::{Serialize, de::DeserializeOwned};
use std::{any::type_name, future::Future, rc::Rc};

/// Answers calls whose topic is the name of the type `REQ`, by what `callback` makes of each.
///
/// `callback` gets the handle of the call too, by which it can
/// [feed its callbacks](crate::abi::reply_callback) or, where `persistent` is true,
/// [make an object of it](respond_to). An error that it returns is the caller's error.
///
/// A second `listen` for a type takes the place of the first. Where there is no host it does nothing.
pub fn listen<RES, REQ, F, Fut>(format: SerializationFormat, callback: F, persistent: bool)
where
    REQ: DeserializeOwned,
    RES: Serialize,
    F: Fn(CallHandle, REQ) -> Fut + 'static,
    Fut: Future<Output = Result<RES, CallError>> + 'static,
{
    let callback = move |call: InboundCall, request| callback(call.handle(), request);
    listen_on(type_name::<REQ>(), format, persistent, callback);
}

/// Answers calls to an object, as [`listen`] does to the module. `parent` is the handle of the
/// inbound call that the object is, which was listened to with `persistent` true; the object ends
/// when the caller has done with it, and where that has already happened, nothing is kept.
pub fn respond_to<RES, REQ, F, Fut>(
    parent: CallHandle,
    format: SerializationFormat,
    callback: F,
    persistent: bool,
) where
    REQ: DeserializeOwned,
    RES: Serialize,
    F: Fn(CallHandle, REQ) -> Fut + 'static,
    Fut: Future<Output = Result<RES, CallError>> + 'static,
{
    let callback = move |call: InboundCall, request| callback(call.handle(), request);
    respond_to_on(parent, type_name::<REQ>(), format, persistent, callback);
}

/// Has the module go on serving when its `main` returns; it returns at once. Tasks that have been
/// spawned run first, for afterwards they wait for the host's next word.
pub fn serve() {
    engine::with(|engine| {
        engine.host().fork();
        engine.run_ready();
    });
}

/// Sends a message to a callback of an inbound call: the one whose topic is the name of the type of
/// `response`. Where the call is over, the message is dropped. One that cannot be encoded fails the
/// call.
pub fn reply_callback<RES: Serialize>(
    handle: CallHandle,
    format: SerializationFormat,
    response: RES,
) {
    let message = format.encode(&response);
    engine::with(|engine| engine.feed_handle(handle, type_name::<RES>(), message));
}

/// [`listen`], with a topic of any name.
pub fn listen_on<RES, REQ, F, Fut>(
    topic: &'static str,
    format: SerializationFormat,
    stays: bool,
    callback: F,
) where
    REQ: DeserializeOwned,
    RES: Serialize,
    F: Fn(InboundCall, REQ) -> Fut + 'static,
    Fut: Future<Output = Result<RES, CallError>> + 'static,
{
    let handler = handler(format, stays, callback);
    engine::with(|engine| engine.listen(topic, handler));
}

/// [`respond_to`], with a topic of any name.
pub fn respond_to_on<RES, REQ, F, Fut>(
    object: CallHandle,
    topic: &'static str,
    format: SerializationFormat,
    stays: bool,
    callback: F,
) where
    REQ: DeserializeOwned,
    RES: Serialize,
    F: Fn(InboundCall, REQ) -> Fut + 'static,
    Fut: Future<Output = Result<RES, CallError>> + 'static,
{
    let handler = handler(format, stays, callback);
    engine::with(|engine| engine.respond_to(object, topic, handler));
}

impl InboundCall {
    /// Its handle, as long as it lasts.
    pub fn handle(&self) -> CallHandle {
        self.handle
    }

    /// Sends a message to the callback of that topic. Where the call is over, the message is dropped.
    /// One that cannot be encoded fails the call.
    pub fn feed<T: Serialize>(&self, topic: &str, format: SerializationFormat, message: &T) {
        let message = format.encode(message);
        engine::with(|engine| engine.feed(*self, topic, message));
    }
}

fn handler<RES, REQ, F, Fut>(format: SerializationFormat, stays: bool, callback: F) -> Handler
where
    REQ: DeserializeOwned,
    RES: Serialize,
    F: Fn(InboundCall, REQ) -> Fut + 'static,
    Fut: Future<Output = Result<RES, CallError>> + 'static,
{
    let callback = Rc::new(callback);
    let answer = move |call: InboundCall, request: Vec<u8>| {
        let callback = Rc::clone(&callback);
        let answering = async move {
            let request = format.decode(&request)?;
            format.encode(&callback(call, request).await?)
        };
        Box::pin(answering) as _
    };
    Handler { answer: Rc::new(answer), stays }
}
