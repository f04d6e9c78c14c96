//! Modules as they were compiled, kept from one process to the next.
//!
//! What is kept is native code. So the folder's files are authenticated: each has a tag that takes the
//! [`Key`] of this user, and is bound to the module and to the engine's settings. A file without the right
//! tag is not used, and is written anew.
//!
//! ```text
//! files of the cache                   folder of the process
//! Store: tag + code ──── verified ───> Staging: code ──> wasmtime's own cache ──> Module
//!        tag + code <──── signed ───── Staging: code <── wasmtime's own cache <── compiler
//! ```
//!
//! Only wasmtime's own cache loads compiled code without `unsafe`, and it reads files by their paths. It gets
//! a new folder that no other user can write to or replace. The folder has what was verified, for the time of
//! one load. So the cache is refused where others can write to its folder or to one above it.
//! (wasmtime's incremental compilation takes no files, but a load of 1 ms then takes 25 ms.)

mod access;
mod key;
mod staging;
mod store;

use key::Key;
use staging::Staging;
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};
use store::Store;
use thiserror::Error;
use wasmtime::{Cache, Engine, Module};

/// A folder that keeps modules as they were compiled, for the modules of one engine.
#[derive(Debug, Clone)]
pub(crate) struct CodeCache {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    key: Key,
    store: Store,
    staging: Staging,
}

impl CodeCache {
    /// Opens a folder. It is made if it is not there, for this user alone.
    ///
    /// # Errors
    ///
    /// The folder cannot be used, or others can write to it or replace it.
    pub(crate) fn open(folder: &Path) -> Result<Self, CodeCacheError> {
        let unusable = |source| CodeCacheError::Unusable { folder: folder.to_owned(), source };
        access::create_private(folder).map_err(unusable)?;
        let folder = fs::canonicalize(folder).map_err(unusable)?;
        let unusable = |source| CodeCacheError::Unusable { folder: folder.clone(), source };
        if access::is_open_to_others(&folder).map_err(unusable)? {
            return Err(CodeCacheError::WritableByOthers(folder));
        }
        if let Some(above) = access::open_to_others_above(&folder).map_err(unusable)? {
            return Err(CodeCacheError::ReplaceableByOthers { folder, above });
        }
        let key = Key::of_folder(&folder).map_err(unusable)?;
        let staging = Staging::new(&folder).map_err(unusable)?;
        Ok(Self { inner: Arc::new(Inner { key, store: Store::new(folder), staging }) })
    }

    /// What an engine is configured with whose modules are kept here.
    pub(crate) fn wasmtimes(&self) -> Cache {
        self.inner.staging.cache()
    }

    /// Makes a module, of what is kept of it or by the compiler. Blocks while files are read and written.
    ///
    /// # Errors
    ///
    /// Those of [`Module::new`]. A cache that cannot be read or written only costs time.
    pub(crate) fn module(&self, engine: &Engine, bytes: &[u8]) -> wasmtime::Result<Module> {
        let Inner { key, store, staging } = &*self.inner;
        let id = key.id_of(engine, bytes);
        let kept = store.read(key, &id);
        if let Some(kept) = &kept {
            staging.put(kept);
        }
        let module = Module::new(engine, bytes);
        let made = staging.take(kept.as_ref());
        match made {
            Some(made) if module.is_ok() => store.write(key, &id, &made),
            _ => store.touch(&id),
        }
        module
    }
}

/// Makes a module with a cache or without.
///
/// # Errors
///
/// Those of [`Module::new`].
pub(crate) fn module(
    cache: Option<&CodeCache>,
    engine: &Engine,
    bytes: &[u8],
) -> wasmtime::Result<Module> {
    match cache {
        Some(cache) => cache.module(engine, bytes),
        None => Module::new(engine, bytes),
    }
}

/// Why compiled modules cannot be kept.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CodeCacheError {
    /// The folder cannot be made or read.
    #[error("cannot keep compiled modules in {}", .folder.display())]
    Unusable {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Other users can write to the folder, or own it.
    #[error(
        "cannot keep compiled modules in {}: others can write to it; empty it and take that right away, \
         or name another folder", .0.display()
    )]
    WritableByOthers(PathBuf),
    /// Other users can put another folder in its place.
    #[error(
        "cannot keep compiled modules in {}: others can write to {} and put another folder in its place; \
         take that right away, or name another folder", folder.display(), above.display()
    )]
    ReplaceableByOthers {
        /// The folder.
        folder: PathBuf,
        /// The folder above it that others can write to.
        above: PathBuf,
    },
}

#[cfg(test)]
mod tests;
