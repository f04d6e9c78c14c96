//! Calls between WebAssembly modules, and to what runs them.

mod error;
mod format;

pub use error::CallError;
pub use format::SerializationFormat;
