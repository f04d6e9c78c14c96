//! Whatever a valid module has in the interface's exports, its rooms keep to their bounds.

#![no_main]

#[path = "../../../tests/fixtures/random-modules/src/imports.rs"]
#[allow(dead_code, reason = "the other fuzzers use the rest")]
mod imports;
#[path = "../src/runtime.rs"]
mod runtime;
#[path = "../../../tests/fixtures/random-modules/src/smith.rs"]
mod smith;
#[path = "../../../jamsocket-wasm-host/tests/guests/stranger.rs"]
mod stranger;

use libfuzzer_sys::{Corpus, fuzz_target};
use std::sync::LazyLock;

static ENGINE: LazyLock<jamsocket_wasm_host::WasmEngine> = LazyLock::new(stranger::engine);

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let Ok(module) = smith::module(bytes) else { return Corpus::Reject };
    runtime::block_on(stranger::live(&ENGINE, &module));
    Corpus::Keep
});
