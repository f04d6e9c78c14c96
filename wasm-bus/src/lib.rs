//! Calls between WebAssembly modules, and to what runs them.

pub mod abi;
mod call;
mod engine;
mod error;
mod exports;
mod format;
mod handle;
mod host;
pub mod prelude;
pub mod rt;
mod serve;
mod session;
pub mod task;

pub use call::CallInstance;
pub use error::CallError;
pub use format::SerializationFormat;
pub use handle::CallHandle;

#[doc(hidden)]
pub use async_trait;
#[doc(hidden)]
pub use serde;

/// What the attribute's expansion uses. It may change in any release.
#[doc(hidden)]
pub mod __private {
    pub use crate::call::Target;
    pub use crate::engine::InboundCall;
    pub use crate::serve::{listen_on, respond_to_on};
}
