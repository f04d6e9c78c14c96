//! `[client]`: a package that runs in browsers, built and bound to JavaScript.

mod wasm_bindgen;

pub(crate) use wasm_bindgen::WasmBindgenError;

use crate::{
    cargo::{BuildEnvironment, Consent, Job, WasmTarget, Workspace, compile, ensure_installed},
    console::Console,
    failure::Failure,
};
use cargo_metadata::Package;
use std::path::{Path, PathBuf};

/// Builds `package` for browsers and says which folder to serve.
///
/// # Errors
///
/// The target is missing, cargo fails, or `wasm-bindgen` is missing or fails.
pub(crate) fn build(
    package: &Package,
    workspace: &Workspace,
    environment: &BuildEnvironment,
    consent: Consent,
    job: &Job,
    console: Console,
) -> Result<PathBuf, Failure> {
    let target = WasmTarget::Unknown;
    ensure_installed(target, workspace.folder(), environment, consent, console)?;
    let module = compile(package, target, workspace, environment, job, console)?;
    let version = wasm_bindgen::locked_version(&workspace.root().join("Cargo.lock"))?;
    let folder = folder_of(&package.name, workspace.target_folder());
    console.status("Binding", format_args!("{} (wasm-bindgen {version})", package.name));
    let tool = || environment.command("wasm-bindgen", workspace.folder());
    wasm_bindgen::bind(tool, &version, &module, &folder)?;
    Ok(folder)
}

/// Where the browser package `name` ends up below cargo's target folder.
pub(crate) fn folder_of(name: &str, target_folder: &Path) -> PathBuf {
    target_folder.join("jamsocket-client").join(name)
}
