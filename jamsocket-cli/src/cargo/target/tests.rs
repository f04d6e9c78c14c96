#![cfg(unix)]

use super::*;
use crate::testing::script;
use std::fs;
use tempfile::TempDir;

const QUIET: Console = Console::new(true);

/// A folder with a `rustc` that looks for its targets in the folder itself, and a `rustup`.
fn tools(rustup: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path().display();
    script(folder.path(), "rustc", &format!(r#"echo "{here}/$4/lib""#));
    script(folder.path(), "rustup", rustup);
    folder
}

fn ensure(folder: &TempDir, consent: Consent) -> Result<(), TargetError> {
    let environment = BuildEnvironment::with_tools_in(folder.path());
    ensure_installed(WasmTarget::Wasip1, folder.path(), &environment, consent, QUIET)
}

#[test]
fn a_target_that_is_there_needs_no_rustup() {
    let folder = tools("exit 1");
    fs::create_dir_all(folder.path().join("wasm32-wasip1/lib")).unwrap();
    ensure(&folder, Consent::Given).unwrap();
}

#[test]
fn a_missing_target_is_installed_with_consent() {
    let folder = tools(r#"mkdir -p "$3/lib""#);
    ensure(&folder, Consent::Given).unwrap();
    assert!(folder.path().join("wasm32-wasip1/lib").is_dir());
}

#[test]
fn a_rustup_that_installs_for_another_compiler_is_found_out() {
    let refused = ensure(&tools("exit 0"), Consent::Given).unwrap_err();
    let expected = "rustup has installed the target wasm32-wasip1, but the compiler `rustc` does \
                    not have it";
    assert_eq!(refused.to_string(), expected);
}

#[test]
fn a_rustup_that_fails_is_the_cause() {
    let refused = ensure(&tools("exit 1"), Consent::Given).unwrap_err();
    assert_eq!(refused.to_string(), "could not install the target wasm32-wasip1");
    let cause = std::error::Error::source(&refused).unwrap();
    assert_eq!(cause.to_string(), "rustup failed (exit status: 1): its message is above");
}

#[test]
fn a_compiler_that_does_not_know_the_target_is_told() {
    let folder = tools("");
    script(folder.path(), "rustc", "exit 1");
    let refused = ensure(&folder, Consent::Given).unwrap_err();
    let expected = "the compiler `rustc` cannot say where its target wasm32-wasip1 is";
    assert_eq!(refused.to_string(), expected);
}

#[test]
fn a_named_compiler_without_the_target_is_not_mended_by_rustup() {
    let folder = tools(r#"mkdir -p "$3/lib""#);
    let rustc = folder.path().join("rustc");
    let variables = [(JAMSOCKET_RUSTC.into(), rustc.clone().into_os_string())];
    let environment = BuildEnvironment::new(variables, folder.path());
    let target = WasmTarget::Unknown;
    let refused = ensure_installed(target, folder.path(), &environment, Consent::Given, QUIET);
    let expected = format!(
        "the compiler `{}`, which JAMSOCKET_RUSTC names, lacks the target wasm32-unknown-unknown",
        rustc.display()
    );
    assert_eq!(refused.unwrap_err().to_string(), expected);
    assert!(!folder.path().join("wasm32-unknown-unknown").exists());
}
