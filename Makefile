# Everything that people, pre-commit and CI do goes through these targets.
#   T=PATH  limits unit, slow, test and integration to a path
#   K=EXPR  limits them to tests whose names match (pytest -k)
# Of `image`:
#   NETWORK=NAME        network of the builder stages (`host` where docker has no bridge)
#   BUILDER_BASE=IMAGE  Debian that they are based on

PYTHON ?= python3
DOCKER ?= docker
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.made
CODE   := conftest.py domain application adapters entrypoints tests integration soak \
          examples image
SLOW   := tests/contracts tests/random tests/programs
PYTEST := $(BIN)/pytest $(if $(K),-k '$(K)')

.DEFAULT_GOAL := help
.PHONY: help setup format lint types layers unit slow contracts golden check test \
        integration demo bench soak image clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo '  variables: T=PATH K=EXPR choose tests, PYTHON=... makes the venv;'
	@echo '  NETWORK=NAME BUILDER_BASE=IMAGE DOCKER=CLIENT are of image'

setup: $(STAMP) ## make .venv with the product (editable) and the tools

$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

format: $(STAMP) ## rewrite the code in the house format
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix --exit-zero --quiet $(CODE)

lint: $(STAMP) ## check the format and the lint rules
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)

types: $(STAMP) ## check the types (mypy --strict)
	$(BIN)/mypy

layers: $(STAMP) ## check the direction of imports
	$(BIN)/lint-imports

unit: $(STAMP) ## run the unit tests that take moments
	$(PYTEST) $(or $(T),tests $(SLOW:%=--ignore=%)) -n auto

slow: $(STAMP) ## run the other unit tests: contracts, random input, real programs
	$(PYTEST) $(or $(T),$(SLOW))

contracts: $(STAMP) ## run the contract suites over memory and real adapters
	$(PYTEST) $(or $(T),tests/contracts)

golden: $(STAMP) ## write the texts of tests/golden anew; read their diff
	UPDATE_GOLDEN=1 $(PYTEST) tests/golden

check: lint types layers unit ## what to run before every commit: no network, no docker

# Two sessions: tests of isolation signal and kill their own session's processes, and the
# servers of the integration tests are none of them.
test: $(STAMP) ## unit and slow with coverage, integration (root, registry, docker)
	$(PYTEST) $(or $(T),tests) $(if $(T)$(K),,--cov --cov-report=term)
	$(if $(T),,$(PYTEST) integration)

# REGISTRY=HOST/REPOSITORY: cases are pushed to a registry of one's own instead.
integration: $(STAMP) ## run the integration tests alone
	$(if $(REGISTRY),REGISTRY='$(REGISTRY)') $(PYTEST) \
	    $(or $(T),integration$(if $(REGISTRY),/test_own_registry.py))

demo: $(STAMP) ## build examples/hello to build/demo, without registry or docker
	sh examples/make_demo.sh $(BIN) build/demo

soak: $(STAMP) ## the long tests, for KANIPY_SOAK_SECONDS (600): fuzz, random trees, own image
	$(PYTEST) -s $(or $(T),soak)

bench: $(STAMP) ## compare speed with builders; K=CASE JSON=FILE IMAGE=OURS KANIKO=BINARY
	$(BIN)/python -m integration.bench $(if $(JSON),--json '$(JSON)') $(K)

image: ## build the three images with docker: executor, debug, warmer
	$(PYTHON) -m image.make --docker '$(DOCKER)' --network '$(NETWORK)' \
	    --builder-base '$(BUILDER_BASE)'

clean: ## remove the venv, caches and what was built
	rm -rf $(VENV) build dist .coverage .mypy_cache .ruff_cache .pytest_cache \
	       .import_linter_cache .hypothesis
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +
