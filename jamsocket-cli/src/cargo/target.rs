use super::{
    BuildEnvironment, JAMSOCKET_RUSTC,
    rustup::{RUSTUP_LIMIT, RustupError, add_target},
};
use crate::console::Console;
use std::{
    ffi::{OsStr, OsString},
    fmt, io,
    path::{Path, PathBuf},
    process::Stdio,
};
use thiserror::Error;

/// What modules are built for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WasmTarget {
    /// Services: they have clocks, randomness and an output for panics.
    Wasip1,
    /// Browser packages.
    Unknown,
}

impl WasmTarget {
    /// Its name, as compilers know it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            WasmTarget::Wasip1 => "wasm32-wasip1",
            WasmTarget::Unknown => "wasm32-unknown-unknown",
        }
    }
}

impl fmt::Display for WasmTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whether a missing target may be installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Consent {
    /// It was given beforehand.
    Given,
    /// Whoever sits at the terminal is asked. Without a terminal the answer is no.
    Ask,
    /// It is not, and nobody is asked.
    Withheld,
}

/// Makes sure that the compiler of `environment` in `folder` has the library of `target`, and has
/// rustup install it where that is allowed.
///
/// # Errors
///
/// See [`TargetError`].
pub(crate) fn ensure_installed(
    target: WasmTarget,
    folder: &Path,
    environment: &BuildEnvironment,
    consent: Consent,
    console: Console,
) -> Result<(), TargetError> {
    if library_folder(target, folder, environment)?.is_dir() {
        return Ok(());
    }
    let rustc = || environment.rustc().to_owned();
    if let Some(variable) = environment.compiler_named_by() {
        return Err(TargetError::NamedCompilerLacksIt { target, variable, rustc: rustc() });
    }
    let question = format!(
        "The target {target} is not installed. Install it with `rustup target add {target}`?"
    );
    let may = match consent {
        Consent::Given => true,
        Consent::Ask => console.confirm(&question),
        Consent::Withheld => false,
    };
    if !may {
        return Err(TargetError::Missing { target });
    }
    console.status("Installing", format_args!("{target} (rustup target add {target})"));
    add_target(&mut environment.command("rustup", folder), target, RUSTUP_LIMIT)
        .map_err(|source| TargetError::Rustup { target, source })?;
    if library_folder(target, folder, environment)?.is_dir() {
        Ok(())
    } else {
        Err(TargetError::NotSeen { target, rustc: rustc() })
    }
}

/// Where the compiler looks for the library of `target`, be it there or not.
fn library_folder(
    target: WasmTarget,
    folder: &Path,
    environment: &BuildEnvironment,
) -> Result<PathBuf, TargetError> {
    let rustc = || environment.rustc().to_owned();
    let said = environment
        .command(environment.rustc(), folder)
        .args(["--print", "target-libdir", "--target", target.name()])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|source| TargetError::Start {
            rustc: rustc(),
            named_by: environment.compiler_named_by(),
            source,
        })?;
    let path = String::from_utf8_lossy(&said.stdout);
    if said.status.success() && !path.trim().is_empty() {
        Ok(PathBuf::from(path.trim()))
    } else {
        Err(TargetError::Unknown { rustc: rustc(), target })
    }
}

/// Why nothing can be built for a target.
#[derive(Debug, Error)]
pub(crate) enum TargetError {
    /// There is no compiler, or it does not run.
    #[error("cannot run the compiler `{}`", show(rustc))]
    Start { rustc: OsString, named_by: Option<&'static str>, source: io::Error },
    /// The compiler does not know the target; it has said so.
    #[error("the compiler `{}` cannot say where its target {target} is", show(rustc))]
    Unknown { rustc: OsString, target: WasmTarget },
    /// The target is not installed, and may not be.
    #[error("the target {target} is not installed")]
    Missing { target: WasmTarget },
    /// The compiler that a variable names lacks the target: rustup has no part in that.
    #[error("the compiler `{}`, which {variable} names, lacks the target {target}", show(rustc))]
    NamedCompilerLacksIt { target: WasmTarget, variable: &'static str, rustc: OsString },
    /// rustup did not do it.
    #[error("could not install the target {target}")]
    Rustup { target: WasmTarget, source: RustupError },
    /// rustup did it for a compiler that is not the one in use.
    #[error(
        "rustup has installed the target {target}, but the compiler `{}` does not have it",
        show(rustc)
    )]
    NotSeen { target: WasmTarget, rustc: OsString },
}

impl TargetError {
    /// What to do about it.
    pub(crate) fn help(&self) -> String {
        match self {
            TargetError::Start { named_by: Some(variable), .. } => {
                format!("{variable} names it: name one that is there, or unset {variable}")
            }
            TargetError::Start { .. } => "install Rust: https://rustup.rs".to_owned(),
            TargetError::Unknown { .. } => {
                "it may be too old: Jamsocket is built and tested with Rust 1.95".to_owned()
            }
            TargetError::Missing { target } => format!(
                "run `rustup target add {target}`, or let this command do it with --yes;\n\
                 without rustup: {JAMSOCKET_RUSTC} names a compiler that has the target"
            ),
            TargetError::NamedCompilerLacksIt { variable, .. } => {
                format!("name a compiler that has it, or unset {variable} to use the default one")
            }
            TargetError::Rustup { source: RustupError::NotThere, .. } => format!(
                "install the target the way that your compiler came, or name another compiler \
                 in {JAMSOCKET_RUSTC}"
            ),
            TargetError::Rustup { target, .. } => format!(
                "try `rustup target add {target}` again later, or name a compiler that has the \
                 target in {JAMSOCKET_RUSTC}"
            ),
            TargetError::NotSeen { .. } => format!(
                "put rustup's compiler first in the PATH, or name a compiler that has the target \
                 in {JAMSOCKET_RUSTC}"
            ),
        }
    }
}

fn show(program: &OsStr) -> impl fmt::Display {
    Path::new(program).display()
}

#[cfg(test)]
mod tests;
