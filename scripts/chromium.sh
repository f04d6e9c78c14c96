#!/usr/bin/env bash
# Sees to it that pages can be tested: Chromium and its driver. Debian's packages are installed where
# they are missing.
set -euo pipefail

installed() { command -v chromium >/dev/null && command -v chromedriver >/dev/null; }

if installed; then
  exit 0
fi
root=()
if [ "$(id -u)" -ne 0 ]; then
  root=(sudo --non-interactive)
fi
install() {
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install --yes --quiet --no-install-recommends chromium chromium-driver
}
# The lists of packages may be old, or not be there at all.
if ! command -v apt-get >/dev/null || ! { install || { "${root[@]}" apt-get update --quiet && install; }; }; then
  echo "error: there is no \`chromium\` and \`chromedriver\`, which the tests of pages use" >&2
  echo "  help: install both, so that they are found in the PATH" >&2
  exit 1
fi
