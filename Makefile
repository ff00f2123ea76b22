# Every verb of the project. `make help` lists them. Nothing else is needed than Python 3.11 with pip.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help

help: ## list what make can do
	@grep -E '^[a-z0-9-]+:.*## ' Makefile | sed -E 's/^([a-z0-9-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

install: $(READY) ## set up the virtual environment with the locked packages

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed; set PYTHON=/path/to/python3.11 and try again."; exit 1; }
	@echo "Installing the locked packages into $(VENV) ..."
	@$(PYTHON) -m venv $(VENV) || { \
	  echo "python3 -m venv failed: install the venv module (Debian: apt-get install python3-venv) and try again."; exit 1; }
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock || { \
	  echo "The packages could not be installed: is the package index reachable? See the message above."; exit 1; }
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e . || exit 1
	@touch $@

demo: $(READY) ## run the product on the sandbox (ONCE=1 ends it after the tour, SUMMARY=file.json writes its numbers)
	@$(BIN)/ml-connector demo $(if $(ONCE),--once) $(if $(SUMMARY),--summary $(SUMMARY))

# The published documents' file runs in one process: only then can it tell which known exceptions nothing has met.
PUBLISHED := tests/contract/test_contract_published.py
# Most tests wait for servers and clocks as long as they work: three at once keep two cores busy, and none is left with the rest.
AT_ONCE := 3

test: $(READY) ## all tests
	@$(BIN)/python -m pytest -n $(AT_ONCE) --dist worksteal --ignore=$(PUBLISHED)
	@$(BIN)/python -m pytest $(PUBLISHED)

test-fast: $(READY) ## the tests that take no servers and no long runs (under two minutes)
	@$(BIN)/python -m pytest -n $(AT_ONCE) --dist worksteal -m "not slow"

check: $(READY) ## lint, formatting, types, import rules
	@$(BIN)/ruff check src tests rig faults benchmarks
	@$(BIN)/ruff format --check src tests rig faults benchmarks
	@$(BIN)/mypy
	@$(BIN)/lint-imports

faults: $(READY) ## the fault matrix: every call of a run spoiled in every way (SAMPLE=64 a seeded sample, as many of each world, SEED=n, ONLY=text)
	@$(BIN)/python -m faults $(if $(SAMPLE),--sample $(SAMPLE)) $(if $(SEED),--seed $(SEED)) \
	  $(if $(ONLY),--only '$(ONLY)') $(if $(TABLE),--table $(TABLE))

bench: $(READY) ## measure speed, memory and call rates (BILLS=n, INVOICES=n documents; prints tables, writes JSON)
	@$(BIN)/python -m benchmarks.bills $(if $(BILLS),--bills $(BILLS))
	@$(BIN)/python -m benchmarks.invoices $(if $(INVOICES),--invoices $(INVOICES))
	@$(BIN)/python -m benchmarks.payables $(if $(BILLS),--bills $(BILLS))
	@$(BIN)/python -m benchmarks.parties

docs: $(READY) ## check the documentation's links and commands
	@$(BIN)/python -m pytest -q tests/docs

lock: ## make requirements.lock anew (needs uv)
	@uv pip compile pyproject.toml --extra dev --generate-hashes --no-emit-index-url --no-annotate --no-header \
	  --python-version 3.11 --universal -o requirements.lock

clean: ## remove the virtual environment and the demo's data
	@rm -rf $(VENV) .demo .pytest_cache .mypy_cache .ruff_cache

.PHONY: help install demo test test-fast check faults bench docs lock clean
