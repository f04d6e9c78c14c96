//! HTTP and HTTPS requests, which the host makes.
//!
//! ```no_run
//! use wasm_bus::{http, task::block_on};
//!
//! let response = block_on(http::get("https://example.com/").send())?;
//! println!("{}: {}", response.status(), response.text()?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod request;
mod response;
mod wire;

pub use request::{Request, SendError, delete, get, head, patch, post, put};
pub use response::{BodyError, Response};
