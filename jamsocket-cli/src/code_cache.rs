//! Where compiled modules are kept from one start to the next.

use clap::Args;
use etcetera::BaseStrategy;
use jamsocket_wasm_host::{EngineError, GuestLimits, WasmEngine};
use std::path::PathBuf;

/// Stands for keeping nothing.
const OFF: &str = "off";

/// Where compiled modules are kept.
#[derive(Debug, Clone, Args)]
pub(crate) struct CodeCacheFlag {
    /// Folder that keeps compiled modules, so that the next start is quicker, or `off`
    /// [default: jamsocket in this user's folder for caches]
    #[arg(long, value_name = "FOLDER")]
    code_cache: Option<PathBuf>,
}

impl CodeCacheFlag {
    /// An engine that keeps what it compiles there. Where nobody has said where, it does without
    /// if it has to.
    ///
    /// # Errors
    ///
    /// See [`EngineError`].
    pub(crate) fn engine(&self, limits: GuestLimits) -> Result<WasmEngine, EngineError> {
        match &self.code_cache {
            Some(off) if off.as_os_str() == OFF => return WasmEngine::with_limits(limits),
            Some(folder) => return WasmEngine::with_code_cache(limits, folder),
            None => {}
        }
        let Some(folder) = default_folder() else {
            return WasmEngine::with_limits(limits);
        };
        match WasmEngine::with_code_cache(limits.clone(), &folder) {
            Err(EngineError::CodeCache(error)) => {
                tracing::warn!("{error}; modules are compiled at each start");
                WasmEngine::with_limits(limits)
            }
            made => made,
        }
    }
}

fn default_folder() -> Option<PathBuf> {
    let folders = etcetera::choose_base_strategy().ok()?;
    Some(folders.cache_dir().join("jamsocket"))
}
