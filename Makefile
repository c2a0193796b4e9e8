# make demo    the sample data through the whole pipeline, and what came out
# make ui      Dagster's web UI on the demo's workspace
# make test    everything that is checked: format, lint, types, floors, tests
# make check   the same without the tests
# make install .venv with the locked versions (uv when it is there, else pip)
#
# TESTS= also loses a worker of a cluster (a minute, needs Java), as the build does.
# DEMO=folder puts the demo elsewhere; PORT=3100 moves the UI; PYTHON=/path/to/python names an interpreter.

SHELL := /bin/bash
BIN := .venv/bin
DEMO ?= demo
PORT ?= 3000
TESTS ?= -m "not cluster"
LOCKS := pyproject.toml uv.lock constraints.txt .ci/install
export PYTHON

.PHONY: demo ui test check install lock

install: .venv/.installed-run

.venv/.installed-run: $(LOCKS)
	@.ci/install run

.venv/.installed-dev: $(LOCKS)
	@.ci/install dev

demo: .venv/.installed-run
	@$(BIN)/cx demo $(DEMO)

ui: .venv/.installed-run
	@test -f $(DEMO)/cx.toml || $(MAKE) --no-print-directory demo
	@$(BIN)/cx ui $(DEMO) --port $(PORT)

check: .venv/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: check
	$(BIN)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder $(TESTS)

# After a change of pyproject.toml: the lock, and the same versions for pip (needs uv).
lock:
	uv lock
	uv export --frozen --all-groups --all-extras --no-emit-project --no-hashes --no-annotate --no-header --quiet --output-file constraints.txt
