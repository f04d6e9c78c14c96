//! The host's function for requests.

use crate::macros::wasm_bus;
use serde::{Deserialize, Serialize};

/// The host's client of HTTP.
#[wasm_bus(format = "bincode", path = "wasm_bus_reqwest::api")]
pub(super) trait Reqwest {
    /// Makes a request. The error is the number of one, as Linux has them.
    async fn make(
        &self,
        url: String,
        method: String,
        options: Options,
        headers: Vec<(String, String)>,
        body: Option<Vec<u8>>,
    ) -> Result<Reply, i32>;
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Options {
    pub(super) gzip: bool,
    pub(super) cors_proxy: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Reply {
    pub(super) pos: usize,
    pub(super) data: Option<Vec<u8>>,
    pub(super) ok: bool,
    pub(super) redirected: bool,
    pub(super) status: u16,
    pub(super) status_text: String,
    pub(super) headers: Vec<(String, String)>,
}
