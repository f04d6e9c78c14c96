# `make demo` serves the counter; `make test` runs every test; `make lint` and `make package` are what
# else has to pass. Nothing has to be installed by hand but rustup's stable toolchain. The first build
# takes some minutes.

.PHONY: demo test lint package conformance wasm-target install

# The counter on http://localhost:8080, a room at ws://localhost:8080/ws/1.
demo: wasm-target
	cargo run --package jamsocket-cli -- dev --yes examples/counter

# Everything: units, documentation, sockets, modules, the installed command.
test: wasm-target install
	JAMSOCKET_BIN="$(CURDIR)/target/installed/bin/jamsocket" cargo test --workspace --all-features --no-fail-fast

lint: wasm-target
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --all-features -- --deny warnings
	RUSTDOCFLAGS="--deny warnings" cargo doc --workspace --all-features --no-deps
	scripts/cargo-deny.sh

# Each crate as it would be published, built on its own.
package:
	scripts/package.sh

# The Autobahn suite's 301 cases of framing, fragments, UTF-8 and closing, against a sandboxed room,
# with the bounds raised that its largest messages need.
conformance: wasm-target install
	scripts/conformance/install.sh target/autobahn
	scripts/conformance/run.py target/autobahn target/installed/bin/jamsocket serve \
	  "$$(target/installed/bin/jamsocket build examples/echo)" --port PORT \
	  --message-bytes 20MiB --callback-bytes 20MiB --memory-bytes 256MiB

# The command as `cargo install` makes it, in the profile that everything else here is built in.
install:
	cargo install --locked --debug --path jamsocket-cli --root target/installed

wasm-target:
	@scripts/wasm-target.sh
