//! Tells the command its version, with the commit that it is built from where that is known.

mod commit;

use commit::Commit;
use std::{env, path::Path};

fn main() {
    let folder = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
    let version = env::var("CARGO_PKG_VERSION").unwrap_or_default();
    println!("cargo::rerun-if-changed=build");
    let Some(commit) = Commit::of_package(Path::new(&folder)) else {
        println!("cargo::rustc-env=JAMSOCKET_VERSION={version}");
        return;
    };
    println!("cargo::rustc-env=JAMSOCKET_VERSION={version} ({})", commit.text);
    for path in &commit.sources {
        println!("cargo::rerun-if-changed={}", path.display());
    }
}
