//! What a service is written with: `use jamsocket_wasm::prelude::*;`.

pub use crate::jamsocket_wasm;
pub use jamsocket::{
    ClientId, JamsocketContext, JamsocketService, JamsocketServiceFactory, LogLevel,
    MessageRecipient, SimpleJamsocketService, WrappedJamsocketService,
};
