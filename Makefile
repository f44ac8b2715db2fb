# make test   everything: sets up what the tests need, then runs them all
# make check  formatting and lints
# make bench  inference beside other runtimes, a table of ratios
# make bench-compiler   the compiler itself, by criterion
# make bench-scale   every command with up to 100,000 nodes, a table of ratios
# make sanitize   the engine's tests under AddressSanitizer
# make verify-all   the tests, with those that take longest
# make fuzz   damaged descriptions through every command, 20,000 of them or COUNT
# make golden the committed output, tests/golden/generated
# make pictures the pictures of the documentation, docs/

PYTHON ?= python3
VENV := .venv
BENCH := .venv-bench
TARGET := $(or $(CARGO_TARGET_DIR),target)
export RESNETC_PYTHON := $(CURDIR)/$(VENV)/bin/python

.PHONY: test verify-all check bench bench-compiler bench-scale sanitize fuzz golden pictures tools clean

test: $(VENV)/ready tools
	cargo test --locked

verify-all: $(VENV)/ready tools
	RESNETC_VERIFY_ALL=1 cargo test --locked -- --include-ignored

check:
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	cargo clippy --locked --all-targets --no-default-features -- -D warnings

golden:
	for target in burn keras; do for file in resnet18.toml efficientnet_b0.resnet custom_gated.resnet; do \
		cargo run --locked --no-default-features --quiet -- build architectures/$$file --target $$target \
			--output tests/golden/generated/$$target || exit 1; done; done

# The graphs as they are, the reports as a browser shows the upper part of them.
pictures: tools
	for file in resnet50.toml densenet121.resnet; do \
		cargo run --locked --no-default-features --quiet -- graph architectures/$$file \
			--output docs/graph-$${file%%.*}.svg || exit 1; done
	RESNETC_PICTURES=docs cargo test --locked --no-default-features --test suite \
		the_reports_of_the_documentation -- --ignored

# A browser, in which the tests look at reports, and Graphviz, which reads what is written for it.
tools:
	@command -v chromium >/dev/null && command -v gc >/dev/null || { \
		sudo=; if [ "$$(id -u)" != 0 ]; then sudo="sudo -n"; fi; \
		$$sudo apt-get update --quiet=2 && $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install --yes \
			--quiet=2 --no-install-recommends chromium graphviz >/dev/null; } || { \
		echo "the tests need a browser and Graphviz: apt-get install --no-install-recommends chromium graphviz" >&2; \
		exit 1; }

bench: $(BENCH)/ready
	cargo build --release --locked --bin resnetc --example passes
	$(BENCH)/bin/python benches/inference_speed.py $(TARGET)/release $(CASES)

bench-compiler:
	cargo bench --locked --no-default-features

bench-scale:
	cargo build --release --locked --no-default-features --bin resnetc
	$(PYTHON) benches/scale.py $(TARGET)/release/resnetc

# The sanitizer's runtime comes with the stable toolchain; only the flag is not stable yet.
sanitize:
	RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=address cargo test --locked --no-default-features \
		--target $$(rustc -vV | sed -n 's/^host: //p') --test suite engine::

fuzz:
	cargo build --release --locked --no-default-features --bin resnetc
	$(PYTHON) tests/python/fuzz_commands.py $(TARGET)/release/resnetc $(or $(COUNT),20000) $(SEED)

# The runtimes that inference is measured beside.
$(BENCH)/ready: benches/requirements.txt
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/pip install --quiet --requirement benches/requirements.txt
	touch $@

# Keras on JAX and ONNX Runtime: what the tests compare with.
$(VENV)/ready: tests/requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --requirement tests/requirements.txt
	touch $@

clean:
	cargo clean
	rm -rf $(VENV) $(BENCH)
