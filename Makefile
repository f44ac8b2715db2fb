# make test   everything: sets up what the tests need, then runs them all
# make check  formatting and lints
# make bench  the benchmarks
# make verify-all   the tests, with those that take longest
# make golden the committed output, tests/golden/generated

PYTHON ?= python3
VENV := .venv
export RESNETC_PYTHON := $(CURDIR)/$(VENV)/bin/python

.PHONY: test verify-all check bench golden clean

test: $(VENV)/ready
	cargo test --locked

verify-all: $(VENV)/ready
	RESNETC_VERIFY_ALL=1 cargo test --locked -- --include-ignored

check:
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	cargo clippy --locked --all-targets --no-default-features -- -D warnings

golden:
	for target in burn keras; do for file in resnet18.toml efficientnet_b0.resnet custom_gated.resnet; do \
		cargo run --locked --no-default-features --quiet -- build architectures/$$file --target $$target \
			--output tests/golden/generated/$$target || exit 1; done; done

bench:
	cargo bench --locked --no-default-features

# Keras on JAX and ONNX Runtime: what the tests compare with.
$(VENV)/ready: tests/requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --requirement tests/requirements.txt
	touch $@

clean:
	cargo clean
	rm -rf $(VENV)
