# Each target does all its own set-up: a virtual environment in .venv, the package, then the work.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
endif

# How many tests run at the same time: a number, or one for each core.
WORKERS ?= logical

.PHONY: train test gpu lint book clean

train: $(VENV)/installed
	$(BIN)/minigan train

test: $(VENV)/installed-test
	$(BIN)/python -m pytest -q --numprocesses $(WORKERS) --maxprocesses 8 --dist worksteal

# Tests, times and trainings on a GPU, on one page. It needs CuPy in .venv (.venv/bin/pip install '.[cuda13]').
gpu: export MINIGAN_REQUIRE_GPU = 1
gpu: $(VENV)/installed-test
	$(BIN)/python tests/first_day.py

# The course and the docstrings as a site in build/book, which needs no network: open build/book/index.html.
book: $(VENV)/installed-book
	rm -rf build/course build/book
	mkdir -p build
	cp -R chapters build/course
	$(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going --builder html build/course build/book

lint: $(VENV)/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo --no-cache

clean:
	rm -rf $(VENV) build

$(VENV)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/installed-test: pyproject.toml $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[test]"
	touch $@

$(VENV)/installed-book: pyproject.toml $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[book]"
	touch $@
