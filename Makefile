# Two commands do it all:  make start  (the lab)   make test  (lint, types, tests)

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.NOTPARALLEL:
.DEFAULT_GOAL := help

# Which Python makes the virtual environment; by default the first of these that is 3.11 or newer.
PYTHONS := $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11 /usr/bin/python3
define find_python
for python in $(1) ''; do \
	  [ -n "$$python" ] || { echo '$(NO_PYTHON)' >&2; exit 1; }; \
	  "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; \
	done
endef
NO_PYTHON := tutor needs Python 3.11 or newer and found none: install one, or name it with PYTHON=/path/to/python3

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --quiet --disable-pip-version-check

.PHONY: help setup start test lint types pytest coverage format wheel manual clean programs again

help: ## say what there is to make
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/make \1\t\2/' | expand -t 16

start: $(VENV)/.ready programs ## start the lab
	@exec $(BIN)/tutor start

setup: $(VENV)/.ready programs ## the virtual environment, and the programs that the lessons run

test: $(VENV)/.ready-for-tests programs ## lint, check types, and run all tests
	@$(MAKE) --no-print-directory --keep-going lint types pytest

lint: $(VENV)/.ready-for-tests
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check . || { echo 'not formatted: run `make format`' >&2; exit 1; }
	@$(BIN)/lint-imports --no-logo

types: $(VENV)/.ready-for-tests
	@$(BIN)/mypy

pytest: $(VENV)/.ready-for-tests
	@tests/run.sh

coverage: $(VENV)/.ready-for-tests ## what the tests of the pure packages leave out
	@$(BIN)/python -m pytest --cov --cov-report=term-missing:skip-covered tests/lesson tests/check tests/netmap

format: $(VENV)/.ready-for-tests ## format the code, and mend what can be mended without thinking
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --quiet --fix .

wheel: $(VENV)/.ready-for-tests ## what pipx, uv and pip install, and its sources, in dist/
	@$(BIN)/python -m hatchling build

manual: $(VENV)/.ready-for-tests ## docs/tutor.1 anew, after a verb or option has changed
	@$(BIN)/python docs/manual.py

# VM holds more words for it: make vm-test VM='--suite trixie veth-pair'
vm-test: $(VENV)/.ready ## the course, solved in a virtual machine of its own
	@$(BIN)/python -m tests.machines.vm $(VM)

.PHONY: vm-test

# As root. REMEDIES holds more words for it: make remedies-test REMEDIES='--suite trixie'
remedies-test: ## what tutor doctor tells to do, done to the letter in a Debian of its own
	@tests/machines/remedies/run.sh $(REMEDIES)

.PHONY: remedies-test

# CONTAINER holds more words for it: make container-test CONTAINER='--suite trixie veth-pair'
container-test: $(VENV)/.ready ## the course, solved in containers of each kind that podman and docker make
	@tests/machines/container/run.sh $(CONTAINER)

.PHONY: container-test

# BOX holds more words for it: make box BOX='--suite trixie'
box: $(VENV)/.ready ## a box for Vagrant from packages, with all that the labs need, in build/box
	@$(BIN)/python -m tests.machines.box $(BOX)

vagrant-validate: ## whether vagrant, where it is installed, takes the Vagrantfile
	@tests/machines/vagrant/validate.sh

# VAGRANT holds more words for it: make vagrant-test VAGRANT='--suite trixie veth-pair'
vagrant-test: $(VENV)/.ready ## vagrant up with libvirt and that box, and a lesson solved in the machine
	@tests/machines/vagrant/run.sh $(VAGRANT)

.PHONY: box vagrant-validate vagrant-test

clean: ## take away all that was made here
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage htmlcov build dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# What is missing is installed where this user may; otherwise one line says what it is, and the command.
programs:
	@$(call find_python,$(BIN)/python $(PYTHONS)); "$$python" -m tutor.lab.programs --install --venv

# Readable for everybody, whatever the umask: the tests use it as an ordinary user too.
$(VENV)/.ready: $(VENV)/.made pyproject.toml
	@echo 'installing tutor into $(VENV)' >&2
	@umask 022; $(PIP) install --editable .
	@touch $@

$(VENV)/.ready-for-tests: $(VENV)/.made pyproject.toml
	@echo 'installing tutor and what its tests need into $(VENV)' >&2
	@umask 022; $(PIP) install --editable '.[dev]'
	@touch $(VENV)/.ready $@

# Made again when the Python that it was made from is gone.
$(VENV)/.made: $(if $(wildcard $(BIN)/python),,again) | programs
	@$(call find_python,$(PYTHONS)); umask 022; "$$python" -m venv --clear $(VENV)
	@touch $@

again:
