//! What services and clients are written with: `use wasm_bus::prelude::*;`.

#[cfg(feature = "macros")]
pub use crate::macros::wasm_bus;
pub use crate::{
    abi::{Call, CallError, CallHandle, WasmBusSession, call},
    serve::{listen, respond_to, serve},
};
pub use async_trait::async_trait;
