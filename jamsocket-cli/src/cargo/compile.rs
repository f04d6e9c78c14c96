use super::{BuildEnvironment, Job, WasmTarget, Workspace, artifact::find_module};
use crate::console::Console;
use cargo_metadata::Package;
use std::{io, path::PathBuf};
use thiserror::Error;

/// Builds the cdylib of `package` for `target`, in release, and says where the module is.
///
/// cargo's progress and diagnostics go to this process's stderr as cargo writes them.
///
/// # Errors
///
/// See [`CompileError`].
pub(crate) fn compile(
    package: &Package,
    target: WasmTarget,
    workspace: &Workspace,
    environment: &BuildEnvironment,
    job: &Job,
    console: Console,
) -> Result<PathBuf, CompileError> {
    console.status("Building", format_args!("{} ({target}, release)", package.name));
    let mut cargo = environment.command("cargo", workspace.folder());
    cargo
        .args(["build", "--release", "--lib", job.message_format()])
        .args(["--target", target.name()])
        .args(["--package", &package.id.repr])
        .arg("--manifest-path")
        .arg(&package.manifest_path)
        .arg("--target-dir")
        .arg(environment.target_folder(workspace.target_folder()));
    if console.is_quiet() {
        cargo.arg("--quiet");
    }
    if job.is_beside() && console.is_coloured() {
        // Its stderr is a pipe, and ours is a terminal.
        cargo.args(["--color", "always"]);
    }
    tracing::debug!(?cargo, "building");
    let diagnostic = |rendered: &str| job.diagnostic(console, rendered);
    let (status, module) = job
        .run(&mut cargo, console, |messages| find_module(messages, &package.id, diagnostic))
        .map_err(|error| {
            if job.is_given_up() { CompileError::GivenUp } else { CompileError::Start(error) }
        })?;
    if job.is_given_up() {
        return Err(CompileError::GivenUp);
    }
    if !status.success() {
        return Err(CompileError::Failed { package: package.name.to_string(), target });
    }
    module
        .map_err(CompileError::Messages)?
        .ok_or_else(|| CompileError::NoModule { package: package.name.to_string() })
}

/// Why there is no module.
#[derive(Debug, Error)]
pub(crate) enum CompileError {
    /// There is no cargo, or it does not run.
    #[error("cannot run cargo")]
    Start(#[source] io::Error),
    /// cargo could not be listened to.
    #[error("cannot read what cargo says")]
    Messages(#[source] io::Error),
    /// cargo failed, and has said why.
    #[error("could not build `{package}` for {target}: cargo's messages are above")]
    Failed { package: String, target: WasmTarget },
    /// cargo succeeded without a module.
    #[error("cargo built `{package}` and named no WebAssembly module among its files")]
    NoModule { package: String },
    /// Something newer is to be built.
    #[error("the build was given up")]
    GivenUp,
}
