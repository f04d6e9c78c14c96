use jamsocket::host::read_text_file;
use serde::Deserialize;
use std::{
    io,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
};
use thiserror::Error;

/// The most bytes that a lock file may have.
const MAX_LOCK_BYTES: u64 = 16 << 20;

/// The version of `wasm-bindgen` that the lock file settles on.
///
/// # Errors
///
/// There is no such file, it is none, or nothing in it depends on `wasm-bindgen`.
pub(super) fn locked_version(lock: &Path) -> Result<String, WasmBindgenError> {
    #[derive(Deserialize)]
    struct Lock {
        #[serde(default)]
        package: Vec<Locked>,
    }
    #[derive(Deserialize)]
    struct Locked {
        name: String,
        version: String,
    }
    let path = || lock.to_owned();
    let text = read_text_file(lock, MAX_LOCK_BYTES)
        .map_err(|source| WasmBindgenError::ReadLock { path: path(), source })?;
    let lock: Lock = toml::from_str(&text).map_err(|error| {
        // The whole error quotes a line, which may have the URL of a private repository.
        WasmBindgenError::ParseLock { path: path(), reason: error.message().to_owned() }
    })?;
    let found = lock.package.into_iter().find(|package| package.name == "wasm-bindgen");
    found.map(|package| package.version).ok_or_else(|| WasmBindgenError::NotLocked { path: path() })
}

/// Runs `wasm-bindgen` on `module`, for a page that loads it as an ES module, into `folder`. The
/// program's version has to be the library's: what they say to each other changes with each.
///
/// # Errors
///
/// It is missing, has another version, or fails.
pub(super) fn bind(
    tool: impl Fn() -> Command,
    version: &str,
    module: &Path,
    folder: &Path,
) -> Result<(), WasmBindgenError> {
    let said = tool()
        .arg("--version")
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|source| not_started(source, version))?;
    let said = String::from_utf8_lossy(&said.stdout);
    let found = said.split_whitespace().nth(1).unwrap_or("unknown");
    if found != version {
        return Err(WasmBindgenError::OtherVersion {
            found: found.to_owned(),
            version: version.to_owned(),
        });
    }
    let status = tool()
        .args(["--target", "web", "--out-dir"])
        .arg(folder)
        .arg(module)
        .stdin(Stdio::null())
        .stdout(io::stderr())
        .status()
        .map_err(|source| not_started(source, version))?;
    if status.success() { Ok(()) } else { Err(WasmBindgenError::Failed(status)) }
}

fn not_started(source: io::Error, version: &str) -> WasmBindgenError {
    match source.kind() {
        io::ErrorKind::NotFound => WasmBindgenError::NotThere { version: version.to_owned() },
        _ => WasmBindgenError::Start(source),
    }
}

/// Why a browser package was not bound.
#[derive(Debug, Error)]
pub(crate) enum WasmBindgenError {
    /// The lock file cannot be opened.
    #[error("cannot read {}", path.display())]
    ReadLock { path: PathBuf, source: io::Error },
    /// The lock file is broken.
    #[error("{} is not a lock file: {reason}", path.display())]
    ParseLock { path: PathBuf, reason: String },
    /// Nothing in the workspace uses the library.
    #[error("{} has no wasm-bindgen: a browser package depends on it", path.display())]
    NotLocked { path: PathBuf },
    /// The program is not in the PATH.
    #[error("wasm-bindgen {version} is not installed")]
    NotThere { version: String },
    /// The program has not the library's version.
    #[error("wasm-bindgen {version} is needed, as in Cargo.lock, and {found} is installed")]
    OtherVersion { found: String, version: String },
    /// The program does not run.
    #[error("cannot run wasm-bindgen")]
    Start(#[source] io::Error),
    /// The program ended with an error, which it has printed.
    #[error("wasm-bindgen failed ({0}): its message is above")]
    Failed(ExitStatus),
}

impl WasmBindgenError {
    /// What to do about it.
    pub(crate) fn help(&self) -> Option<String> {
        match self {
            WasmBindgenError::NotThere { version }
            | WasmBindgenError::OtherVersion { version, .. } => {
                Some(format!("run `cargo install wasm-bindgen-cli --version {version}`"))
            }
            WasmBindgenError::NotLocked { .. } => {
                Some("run `cargo add wasm-bindgen` in the package that [client] names".to_owned())
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::write;
    use std::fs;

    fn version_in(lock: &str) -> Result<String, WasmBindgenError> {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "Cargo.lock", lock);
        locked_version(&folder.path().join("Cargo.lock"))
    }

    #[test]
    fn the_version_is_that_of_the_lock_file() {
        let lock = "version = 4\n[[package]]\nname = \"web\"\nversion = \"0.1.0\"\n\
                    dependencies = [\"wasm-bindgen\"]\n[[package]]\nname = \"wasm-bindgen\"\n\
                    version = \"0.2.95\"\nsource = \"registry\"\nchecksum = \"00\"\n\
                    [[package]]\nname = \"wasm-bindgen-macro\"\nversion = \"0.2.94\"\n";
        assert_eq!(version_in(lock).unwrap(), "0.2.95");
    }

    #[test]
    fn a_lock_file_without_it_says_what_to_add() {
        let refused = version_in("version = 4\n").unwrap_err();
        assert!(matches!(refused, WasmBindgenError::NotLocked { .. }), "{refused:?}");
        assert!(refused.help().unwrap().contains("cargo add wasm-bindgen"));
    }

    #[test]
    fn a_broken_or_missing_lock_file_is_an_error() {
        assert!(matches!(version_in("package = 3"), Err(WasmBindgenError::ParseLock { .. })));
        let missing = locked_version(Path::new("/nowhere/Cargo.lock")).unwrap_err();
        assert_eq!(missing.to_string(), "cannot read /nowhere/Cargo.lock");
    }

    #[cfg(unix)]
    mod with_a_program {
        use super::*;
        use crate::testing::script;

        /// Binds with a program that prints `version` and otherwise runs `body`.
        fn bind_with(version: &str, body: &str) -> (Result<(), WasmBindgenError>, String) {
            let tools = tempfile::tempdir().unwrap();
            let body =
                format!("if [ \"$1\" = --version ]; then echo '{version}'; exit 0; fi\n{body}");
            script(tools.path(), "wasm-bindgen", &body);
            let tool = || {
                let mut tool = Command::new(tools.path().join("wasm-bindgen"));
                tool.current_dir(tools.path());
                tool
            };
            let bound = bind(tool, "0.2.95", Path::new("web.wasm"), Path::new("out"));
            (bound, fs::read_to_string(tools.path().join("called")).unwrap_or_default())
        }

        #[test]
        fn it_is_called_for_the_web_with_the_module_and_the_folder() {
            let (bound, called) = bind_with("wasm-bindgen 0.2.95", r#"echo "$@" > called"#);
            bound.unwrap();
            assert_eq!(called, "--target web --out-dir out web.wasm\n");
        }

        #[test]
        fn another_version_is_not_run_and_the_right_one_named() {
            let (bound, called) = bind_with("wasm-bindgen 0.2.100", "echo x > called");
            let refused = bound.unwrap_err();
            let expected =
                "wasm-bindgen 0.2.95 is needed, as in Cargo.lock, and 0.2.100 is installed";
            assert_eq!(refused.to_string(), expected);
            let help = "run `cargo install wasm-bindgen-cli --version 0.2.95`";
            assert_eq!(refused.help().as_deref(), Some(help));
            assert_eq!(called, "");
        }

        #[test]
        fn a_failure_is_told() {
            let (bound, _) = bind_with("wasm-bindgen 0.2.95", "exit 7");
            let expected = "wasm-bindgen failed (exit status: 7): its message is above";
            assert_eq!(bound.unwrap_err().to_string(), expected);
        }

        #[test]
        fn a_missing_program_is_named_with_how_to_install_it() {
            let nothing = || Command::new("/nowhere/wasm-bindgen");
            let refused = bind(nothing, "0.2.95", Path::new("m"), Path::new("o")).unwrap_err();
            assert_eq!(refused.to_string(), "wasm-bindgen 0.2.95 is not installed");
            let help = "run `cargo install wasm-bindgen-cli --version 0.2.95`";
            assert_eq!(refused.help().as_deref(), Some(help));
        }
    }
}
