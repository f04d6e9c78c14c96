//! Calls one by one, without a trait: what clients and services that the attribute makes stand on.

pub use crate::{
    CallError, CallHandle,
    call::{Call, CallBuilder, CallInstance, CallJoin, DetachedCall, call, call_ext},
    format::{SerializationFormat, UnknownFormat},
    serve::reply_callback,
    session::WasmBusSession,
};

use crate::engine;

/// A number that is this module's for as long as it lives; 0 where there is no host.
pub fn thread_id() -> u32 {
    engine::with(|engine| engine.host().thread_id())
}
