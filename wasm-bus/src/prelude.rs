//! What services and clients are written with: `use wasm_bus::prelude::*;`.

pub use crate::{
    abi::{Call, CallError, CallHandle, WasmBusSession, call},
    serve::{listen, respond_to, serve},
};
pub use async_trait::async_trait;
