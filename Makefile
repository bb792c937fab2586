# `make demo` and `make test` need Python 3.10 or newer and nothing else. GNU make 3.81 is enough.

PROJECT ?= docs/demo/shop
VENV ?= .venv
BIN := $(VENV)/bin

# The first interpreter that is new enough and can make a virtual environment; say PYTHON=... for another.
SUPPORTED := import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 10))
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11 python3.10 python; do \
	if $$python -c '$(SUPPORTED)' >/dev/null 2>&1; then echo $$python; break; fi; done)

.PHONY: help demo test check clean

help:
	@echo "make demo                 prodlint on a small shop that is broken in eight ways"
	@echo "make demo PROJECT=path    prodlint on a folder of yours"
	@echo "make test                 the whole test suite (ARGS='-k name' for a part)"
	@echo "make check                lint, types, architecture, and prodlint on itself"
	@echo "make clean                remove what the others made"

# prodlint's exit status 1 says that it found something, which is what a demo is for.
demo: $(VENV)/.installed
	@status=0; $(BIN)/prodlint $(ARGS) "$(PROJECT)" || status=$$?; \
	case $$status in \
	  0) ;; \
	  1) echo; echo "(prodlint's exit status here is 1: there are findings. Everything installed is in $(VENV).)" ;; \
	  *) exit $$status ;; \
	esac

# Each process would rewrite all tests again where a shell forbids to keep what is compiled: half of its start.
test: $(VENV)/.installed-for-development
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

check: $(VENV)/.installed-for-development
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy prodlint rules
	$(BIN)/lint-imports
	$(BIN)/prodlint .

$(VENV)/.made:
	@test -n "$(PYTHON)" && $(PYTHON) -c '$(SUPPORTED)' >/dev/null 2>&1 || { \
	  echo "prodlint needs Python 3.10 or newer with its venv module (Debian and Ubuntu: apt install python3-venv)." >&2; \
	  echo "Found: $$($(or $(PYTHON),python3) --version 2>&1). For another interpreter: make PYTHON=/path/to/python3" >&2; \
	  exit 2; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.installed: pyproject.toml | $(VENV)/.made
	@echo "Installing prodlint in $(VENV) (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@$(BIN)/python -m compileall -q prodlint rules
	@touch $@

$(VENV)/.installed-for-development: pyproject.toml | $(VENV)/.made
	@echo "Installing prodlint and what its tests need in $(VENV) (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@$(BIN)/python -m compileall -q prodlint rules
	@touch $(VENV)/.installed $@

clean:
	rm -rf $(VENV) build dist *.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
