#!/usr/bin/env bash
# Runs the fuzzers of the packages of fuzz/ that are named, each for FUZZ_SECONDS (10), on the nightly
# toolchain. What they have tried is kept in target/fuzz/corpus.
set -euo pipefail
cd "$(dirname "$0")/.."

version=0.13.2
fuzz=target/tools/bin/cargo-fuzz
seconds=${FUZZ_SECONDS:-10}

nightly=$(rustup toolchain list 2>/dev/null | grep -m 1 '^nightly' | cut -d ' ' -f 1) || true
if [ -z "$nightly" ]; then
  echo "fuzzing skipped: there is no nightly toolchain (rustup toolchain install nightly)"
  exit 0
fi
if ! "$fuzz" --version 2>/dev/null | grep -qF "$version"; then
  cargo install "cargo-fuzz@$version" --locked --debug --root target/tools \
    --target-dir target/tools-build --quiet
  rm -rf target/tools-build
fi

export RUSTUP_TOOLCHAIN=$nightly
# What is fuzzed is safe Rust: what goes wrong is a panic, which needs no sanitizer to be seen.
build=(--sanitizer none --codegen-units 16 --target-dir target/fuzz)
for package in "$@"; do
  "$fuzz" build --fuzz-dir "fuzz/$package" "${build[@]}"
  for source in "fuzz/$package"/fuzz_targets/*.rs; do
    target=$(basename "$source" .rs)
    corpus=target/fuzz/corpus/$target
    log=target/fuzz/$target.log
    mkdir -p "$corpus"
    # Long inputs from the start, as most short ones are refused at once.
    if ! "$fuzz" run --fuzz-dir "fuzz/$package" "${build[@]}" "$target" "$corpus" -- \
      -max_total_time="$seconds" -max_len=4096 -len_control=0 -timeout=30 >"$log" 2>&1; then
      cat "$log" >&2
      exit 1
    fi
    echo "$target: $(grep '^Done ' "$log")"
  done
done
