#!/usr/bin/env bash
# Packs each crate that is published, and builds it from its package alone.
set -euo pipefail
cd "$(dirname "$0")/.."

# Cargo knows a package by its name and version: what it unpacked and built of an earlier state, even
# in another checkout, would pass for this one's.
rm -rf "${CARGO_HOME:-$HOME/.cargo}"/registry/src/-*/{jamsocket,wasm-bus}{,-*}-[0-9]*
rm -rf "${CARGO_TARGET_DIR:-target}"/debug/.fingerprint/{jamsocket,wasm-bus}{,-*}

cargo package "$@"
