use cargo_metadata::Message;
use jamsocket_server::ServiceActorContext;
use jamsocket_wasm_host::WasmHostFactory;
use std::{
    io::BufReader,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The folder of the whole workspace.
pub fn workspace_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this package is in it").to_owned()
}

/// The WebAssembly module of an example, built if it is not there.
pub fn guest(example: &str) -> PathBuf {
    build_guest(&workspace_root().join("examples").join(example))
}

/// The module of the room that does what it is told: see `fixtures/unruly`.
pub fn unruly() -> PathBuf {
    build_guest(&workspace_root().join("tests/fixtures/unruly"))
}

/// The module of the room that calls rooms, and is called: see `fixtures/bus`.
pub fn bus_room() -> PathBuf {
    build_guest(&workspace_root().join("tests/fixtures/bus/ours/room"))
}

/// The folder of the programs that are written with our bus (`ours`), or with the published one
/// (`published`): see `fixtures/bus`.
pub fn bus_programs(whose: &str) -> PathBuf {
    let package = workspace_root().join("tests/fixtures/bus").join(whose).join("programs");
    let module = build_into(&package, &format!("target/guests/bus-{whose}"));
    module.parent().expect("a file is in a folder").to_owned()
}

/// Builds a package for wasm32-wasip1 and returns its module.
///
/// # Panics
///
/// It does not build.
pub fn build_guest(package: &Path) -> PathBuf {
    build_into(package, "target/guests")
}

fn build_into(package: &Path, target_folder: &str) -> PathBuf {
    let mut cargo = Command::new("cargo");
    // Where this runs below cargo, that cargo's choices are not meant for the guest.
    for variable in ["CARGO", "RUSTC", "RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_TARGET_DIR"] {
        cargo.env_remove(variable);
    }
    let mut build = cargo
        .args(["build", "--release", "--target", "wasm32-wasip1"])
        .arg("--message-format=json-render-diagnostics")
        .arg("--target-dir")
        .arg(workspace_root().join(target_folder))
        .current_dir(package)
        .stdout(Stdio::piped())
        .spawn()
        .expect("cargo runs");
    let messages = BufReader::new(build.stdout.take().expect("it is piped"));
    // To the last one: cargo would fail if nobody read what it has to say.
    let module = Message::parse_stream(messages).filter_map(Result::ok).filter_map(wasm_of).last();
    assert!(build.wait().expect("cargo ends").success(), "{} does not build", package.display());
    module.expect("a package with a cdylib or a program").into()
}

fn wasm_of(message: Message) -> Option<cargo_metadata::camino::Utf8PathBuf> {
    let Message::CompilerArtifact(artifact) = message else { return None };
    artifact.filenames.into_iter().find(|file| file.extension() == Some("wasm"))
}

/// A factory of rooms of an example's module.
pub fn wasm_factory(example: &str) -> WasmHostFactory<ServiceActorContext> {
    WasmHostFactory::new(guest(example)).expect("the module is accepted")
}
