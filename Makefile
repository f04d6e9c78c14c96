# `make demo` serves the counter; `make test` runs every test; `make lint` and `make package` are what
# else has to pass. Nothing has to be installed by hand but rustup's stable toolchain. The first build
# takes some minutes.

.PHONY: demo test lint package conformance bench bench-hog soak fuzz wasm-target chromium install pictures

# The counter on http://localhost:8080, a room at ws://localhost:8080/ws/1.
demo: wasm-target
	cargo run --package jamsocket-cli -- dev --yes examples/counter

# Everything: units, documentation, sockets, modules, the installed command, pages in a browser.
test: wasm-target chromium install
	JAMSOCKET_BIN="$(CURDIR)/target/installed/bin/jamsocket" cargo test --workspace --all-features --no-fail-fast

# The pictures in docs/, as the tests of pages see them.
pictures: wasm-target chromium install
	JAMSOCKET_BIN="$(CURDIR)/target/installed/bin/jamsocket" JAMSOCKET_PICTURES="$(CURDIR)/docs" \
	  cargo test --package jamsocket-tests --test all playground_page

lint: wasm-target
	cargo fmt --all --check
	cargo fmt --all --check --manifest-path fuzz/Cargo.toml
	cargo clippy --workspace --all-targets --all-features -- --deny warnings
	RUSTDOCFLAGS="--deny warnings" cargo doc --workspace --all-features --no-deps
	scripts/cargo-deny.sh

# Each crate as it would be published, built on its own.
package:
	scripts/package.sh

# A sandboxed room, with the bounds raised that the Autobahn suite's largest messages need.
ECHO_ROOM = target/installed/bin/jamsocket serve "$$(target/installed/bin/jamsocket build examples/echo)" \
  --port PORT --message-bytes 20MiB --callback-bytes 20MiB --memory-bytes 256MiB

# The Autobahn suite's 301 cases of framing, fragments, UTF-8 and closing, without TLS and with it.
conformance: wasm-target install
	scripts/conformance/install.sh target/autobahn
	scripts/conformance/run.py target/autobahn $(ECHO_ROOM)
	scripts/conformance/run.py target/autobahn $(ECHO_ROOM) --tls-cert CERT --tls-key KEY

# The time of an echo beside a guest that spins, in release; fails where it is too long.
bench-hog: wasm-target
	cargo bench --package jamsocket-tests --bench hog

# A server under everything at once, for SOAK_SECONDS (default 120), and what is left of it in the end.
# SOAK_SEED, which it prints, repeats a run's choices.
soak: wasm-target install
	JAMSOCKET_BIN="$(CURDIR)/target/installed/bin/jamsocket" cargo bench --profile dev --package jamsocket-tests --bench soak

# What the parts of a message's way cost: docs/PERFORMANCE.md.
bench: wasm-target
	cargo build --release --package bench-guest --package bus-programs --target wasm32-wasip1
	cargo bench --package jamsocket-benches

# Each fuzzer for FUZZ_SECONDS (10), where there is a nightly toolchain. The guests' have wasmtime
# built anew, which takes some minutes.
fuzz:
	scripts/fuzz.sh server guests

# The command as `cargo install` makes it, in the profile that everything else here is built in.
install:
	cargo install --locked --debug --path jamsocket-cli --root target/installed

chromium:
	@scripts/chromium.sh

wasm-target:
	@scripts/wasm-target.sh
