# Every target works as the first command ever typed: what it needs is set up when it is missing or stale.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= $(shell for each in python3.13 python3.12 python3.11 python3; do command -v $$each >/dev/null && $$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$each && break; done)
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime
DEVELOPMENT := $(VENV)/.development
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
NO_PACKAGES := { echo "The packages could not be installed: a package index must be reachable, once."; exit 1; }
NPM := tests/contract/node_modules/.package-lock.json
SEEDS ?= 1000
BOUNDS ?= --switches 2 --deaths 1
SEED ?= 1
MINUTES ?= 5
ENGINES ?=
TESTS ?= tests
export NODES ?= 1

.PHONY: help setup check test demo run sandbox postgres kafka cluster chaos churn bench simulate explore lock clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk 'BEGIN {FS = ":.*## "} {printf "  \033[1m%-10s\033[0m %s\n", $$1, $$2}'

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; set PYTHON=/path/to/python"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Python's venv is needed (on Debian and Ubuntu: apt install python3-venv)"; exit 1; }

$(RUNTIME): requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing what requirements.lock names into $(VENV) (once, about a minute) …"
	@$(PIP) --require-hashes -r requirements.lock || $(NO_PACKAGES)
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(DEVELOPMENT): requirements-dev.lock $(RUNTIME)
	@echo "Installing the tools of development into $(VENV) (once, about a minute) …"
	@$(PIP) --require-hashes -r requirements-dev.lock || $(NO_PACKAGES)
	@touch $@

# Node brings the vendors' published schemas to the contract tests. Without it those tests skip, loudly.
$(NPM): tests/contract/package.json tests/contract/package-lock.json
	@if command -v npm >/dev/null; then cd tests/contract && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error --update-notifier=false; \
	elif [ "$${CI:-}" = true ]; then echo "npm is missing, and CI=true: the contract tests must run"; exit 1; \
	else echo "*** npm is missing: the tests against the vendors' published schemas will be SKIPPED ***"; fi

setup: $(DEVELOPMENT) $(NPM) ## Make .venv from the lock files, by hash

check: $(DEVELOPMENT) ## Lint, formatting, types, import directions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: $(DEVELOPMENT) $(NPM) ## Run every test and print the ten slowest
	$(BIN)/python -m pytest -q -n 2 --dist loadgroup --durations=10 $(TESTS)

demo: $(RUNTIME) ## Two simulated Shopify stores fill a simulated HubSpot, then live changes
	@$(BIN)/shopsync demo

run: $(RUNTIME) ## The product with your own store and account, from .env
	@$(BIN)/shopsync all

sandbox: $(RUNTIME) ## The simulators of Shopify and HubSpot alone
	@$(BIN)/shopsync sandbox

postgres: $(DEVELOPMENT) ## A real PostgreSQL on loopback until interrupted; prints its address
	$(BIN)/python -m tests.support.postgres

kafka: $(DEVELOPMENT) ## A real Kafka on loopback until interrupted, NODES= brokers; prints its address
	$(BIN)/python -m tests.support.kafka

cluster: $(DEVELOPMENT) ## Kafka, PostgreSQL and seven processes, killed at random; CLUSTER="--once --json"
	@$(BIN)/python -m tests.cluster $(CLUSTER)

chaos: $(DEVELOPMENT) ## Random faults for MINUTES=, the history judged; SEED=, ENGINES=sqlite, kafka+postgresql, kafka3+postgresql
	@$(BIN)/python -m tests.chaos --seed $(SEED) --minutes $(MINUTES) $(if $(ENGINES),--engines $(ENGINES))

churn: $(DEVELOPMENT) ## Processes join, leave and die on one quota for MINUTES=; calls, refusals, share used
	@$(BIN)/python -m tests.churn --seed $(SEED) --minutes $(MINUTES)

bench: $(DEVELOPMENT) ## Measure the product beside its floor; prints a table, writes bench.json
	$(BIN)/python -m tests.bench

simulate: $(DEVELOPMENT) ## Run SEEDS= random histories with faults and crashes in virtual time
	$(BIN)/python -m tests.simulation --seeds $(SEEDS)

explore: $(DEVELOPMENT) ## Try every way the steps of two syncers can fall, within BOUNDS=
	$(BIN)/python -m tests.models $(BOUNDS)

lock: $(DEVELOPMENT) ## Compile the lock files anew, with hashes and without addresses
	$(BIN)/uv pip compile pyproject.toml --group build --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --upgrade -q -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --group build --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header -c requirements.lock -q -o requirements-dev.lock

clean: ## Remove what the other targets made
	rm -rf $(VENV) tests/contract/node_modules .mypy_cache .ruff_cache .import_linter_cache deploy/kafka/jars build *.egg-info bench.json chaos.json
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
