# make test   everything: sets up what the tests need, then runs them all
# make check  formatting and lints
# make bench  the benchmarks

PYTHON ?= python3
VENV := .venv
export RESNETC_PYTHON := $(CURDIR)/$(VENV)/bin/python

.PHONY: test check bench clean

test: $(VENV)/ready
	cargo test --locked

check:
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	cargo clippy --locked --all-targets --no-default-features -- -D warnings

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
