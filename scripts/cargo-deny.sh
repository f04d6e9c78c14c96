#!/usr/bin/env bash
# Checks the dependencies by cargo-deny, which is built into target/tools where it is not there.
# Advisories are checked where their database can be reached.
set -euo pipefail
cd "$(dirname "$0")/.."

version=0.20.2
deny=target/tools/bin/cargo-deny

if ! "$deny" --version 2>/dev/null | grep -qF "$version"; then
  # Unoptimised: it is built more often than it is run.
  cargo install "cargo-deny@$version" --locked --debug --root target/tools \
    --target-dir target/tools-build --quiet
  rm -rf target/tools-build
fi
"$deny" --locked check bans licenses sources
if "$deny" --locked fetch db >/dev/null 2>&1; then
  "$deny" --locked check advisories
else
  echo "advisories skipped: their database cannot be reached from here"
fi
