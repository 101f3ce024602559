# The commands of this project. Each sets up what it needs; see README.md.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup demo test check bench calibrate serve drill audit lock clean
.DEFAULT_GOAL := setup

setup: .venv/.installed

# From nothing, since pip cannot always change a locked environment into another. The lock is installed with hashes; then this
# project, editable, with the build backend that the lock brought. --no-deps: the lock is whole, and pip before 24 stumbles over
# a package that is locked once and required with and without extras.
.venv/.installed: requirements.lock
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

demo: setup
	$(BIN)/flipbook demo

# A file at a time on each of some processes: what a file shares, such as a server, is started once in it. In the order of
# tests/conftest.py, not the files with most tests first.
test: setup
	$(BIN)/pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/sqlfluff lint --disable-progress-bar sql

bench: setup
	$(BIN)/python -m benchmarks

calibrate: setup
	$(BIN)/python -m benchmarks.calibrate

serve: setup
	$(BIN)/flipbook serve

# Arguments by DRILL, such as `make drill DRILL="--seed 2 --harms 50 --minutes 3"`.
drill: setup
	$(BIN)/python -m drill $(DRILL)

audit: setup
	.ci/audit

lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --extra dev --extra ducklake pyproject.toml --output-file requirements.lock

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
