# Everything a fresh machine with Python (>= 3.11) and make needs: `make demo`, `make test`.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test lint bench tables clean

demo: $(VENV)/.ready ## make, prove and certify real data in a temporary folder
	@$(BIN)/python scripts/demo.py

test: $(VENV)/.ready-test ## style, types, and the whole suite
	@$(BIN)/ruff check src tests scripts
	@$(BIN)/ruff format --check src tests scripts
	@$(BIN)/mypy
	@$(BIN)/python -m pytest -n 2

lint: $(VENV)/.ready-test
	@$(BIN)/ruff check --fix src tests scripts
	@$(BIN)/ruff format src tests scripts
	@$(BIN)/mypy

bench: $(VENV)/.ready-test ## against peers and the memory (FILES=folder: real data too); writes bench/results and the README's tables
	-@$(BIN)/penstock bench generate --output bench/results/generate.json
	-@$(BIN)/penstock bench compress --output bench/results/compress.json $(if $(FILES),--files '$(FILES)')
	-@$(BIN)/penstock bench compress --by-kind --output bench/results/by_kind.json $(if $(FILES),--files '$(FILES)')
	-@$(BIN)/penstock bench records --output bench/results/records.json
	-@$(BIN)/penstock bench dictionary --output bench/results/dictionary.json
	@$(BIN)/python scripts/tables.py

tables: ## render the README's tables from the data files
	@$(BIN)/python scripts/tables.py

$(VENV)/bin/python:
	@test -n '$(PYTHON)' || { echo 'penstock needs Python 3.11 or later on the PATH (or make PYTHON=/path/to/python3)' >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo 'Python could not make a virtual environment; on Debian: apt-get install python3-venv' >&2; exit 1; }

$(VENV)/.ready: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo 'installing penstock and its pinned dependencies into $(VENV) ...'
	@$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.ready-test: $(VENV)/.ready
	@$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,bench]'
	@touch $@

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache
