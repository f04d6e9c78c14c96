#!/usr/bin/env bash
# Sees to it that services can be built: the target wasm32-wasip1 of the compiler that cargo uses
# here, or of the one that JAMSOCKET_RUSTC names.
set -euo pipefail

target=wasm32-wasip1
rustc=${JAMSOCKET_RUSTC:-rustc}
wait_seconds=120

installed() { [ -d "$("$rustc" --print target-libdir --target "$target" 2>/dev/null)" ]; }

if installed; then
  exit 0
fi
if [ -n "${JAMSOCKET_RUSTC:-}" ]; then
  echo "error: the compiler that JAMSOCKET_RUSTC names, $rustc, has no target $target" >&2
  exit 1
fi
if ! command -v rustup >/dev/null; then
  echo "error: $rustc has no target $target, and there is no rustup to install it" >&2
  echo "  help: install rustup, or name a compiler that has the target in JAMSOCKET_RUSTC" >&2
  exit 1
fi
echo "Installing the target $target by rustup (at most $wait_seconds s)" >&2
if ! timeout "$wait_seconds" rustup target add "$target"; then
  echo "error: rustup could not install the target $target" >&2
  echo "  help: see what it says above, or name a compiler that has the target in JAMSOCKET_RUSTC" >&2
  exit 1
fi
if ! installed; then
  echo "error: rustup installed $target, but not for $rustc: is there another rustc on PATH?" >&2
  exit 1
fi
