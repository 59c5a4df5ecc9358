# Needs only Python 3.11 or newer: `make demo` and `make test` install into .venv what they use, once.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help demo test check lint bench fuzz setup lock

PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$name; break; }; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
RUN_READY := .venv/.ready
DEV_READY := .venv/.ready-dev

help:
	@echo "make demo   a county office with sample cases, in this terminal and the browser"
	@echo "make test   every test (ARGS='tests/cases -x' for some)"
	@echo "make check  the files that admins edit: config/ and faq/"
	@echo "make lint   ruff, pyright, import-linter"
	@echo "make bench  the figures, as ratios side by side"
	@echo "make fuzz   what strangers and citizens may push at WeChat's door (RUNS=200000)"

demo: $(RUN_READY)
	@$(BIN)/zhitong demo $(ARGS)

# One worker more than there are cores: many tests wait for a page or a process.
WORKERS ?= $(shell expr $$(nproc 2>/dev/null || echo 2) + 1)
test: $(DEV_READY)
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(ARGS)

check: $(RUN_READY)
	@$(BIN)/zhitong check

lint: $(DEV_READY)
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports

bench: $(DEV_READY)
	$(BIN)/python -m tests.bench $(ARGS)

RUNS ?= 200000
fuzz: $(DEV_READY)
	$(BIN)/python -m tests.fuzz_wechat -runs=$(RUNS) -max_len=4096 -verbosity=0

setup: $(DEV_READY)

# A venv that was set up for the tests can run the demo as well.
$(RUN_READY): requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing Zhitong into .venv (once) ..." >&2
	@test -e $(DEV_READY) || $(PIP) install --require-hashes -r requirements.lock
	@test ! -e $(DEV_READY) || $(PIP) install --require-hashes -r requirements-dev.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(DEV_READY): requirements-dev.lock pyproject.toml | $(BIN)/python
	@echo "Installing Zhitong and its tests into .venv (once) ..." >&2
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@ $(RUN_READY)

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Zhitong needs Python 3.11 or newer, and there is none here" \
		"($$(python3 --version 2>&1)). Install one, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Zhitong needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1)." >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
		echo "$(PYTHON) cannot make a virtual environment: install its venv module (Debian: python3-venv)." >&2; exit 1; }

# For maintainers, with uv: newer versions into both lock files. They name no registry.
lock:
	uv pip compile pyproject.toml --extra build --extra scale $(LOCK) -o requirements.lock
	uv pip compile pyproject.toml --extra build --extra scale --extra dev -c requirements.lock $(LOCK) -o requirements-dev.lock

LOCK := --generate-hashes --universal --python-version 3.11 --no-header --quiet
