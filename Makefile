# Everything runs in this folder's own .venv, made when first needed and made again when the
# pins change. Nothing else on the machine is touched.

VENV := .venv
PY := $(VENV)/bin/python
PINS := pyproject.toml constraints.txt

# A copied or moved folder has a .venv that still points to the old place.
ifneq ($(shell cat $(VENV)/.place 2>/dev/null),$(CURDIR))
$(shell rm -f $(VENV)/.place)
endif

# The pins hold for what builds the package, too: old versions of pip take the first variable,
# new ones the second. Only what is run gets compiled, which saves seconds.
INSTALL := PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt \
	PIP_DISABLE_PIP_VERSION_CHECK=1 $(PY) -m pip install --quiet --no-compile --no-warn-script-location

# What is compiled is kept, and in one place, whatever the caller's shell says: tests start hundreds
# of processes, and each would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX := $(CURDIR)/$(VENV)/pycache

# EXTRAS=vieneu,piper adds what those engines need. What was once added is kept up to date.
COMMA := ,
READY := $(VENV)/.ready $(patsubst %,$(VENV)/.extra-%,$(subst $(COMMA), ,$(EXTRAS))) \
	$(wildcard $(VENV)/.extra-*)

# As many test processes as there are cores; a module stays in one process, so what its tests share
# is set up once. Modules begin in the order of their names, which has the longest ones first.
PARALLEL := -n auto --maxprocesses 8 --dist loadscope --no-loadscope-reorder

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup serve quick test check fix docs coverage clean

help:
	@echo 'make serve      set up .venv and start the server: http://127.0.0.1:11111'
	@echo '                with EXTRAS=vieneu (or kokoro,piper,...) also what those engines need'
	@echo 'make quick      set up .venv and run the tests that are quick, which is most'
	@echo 'make test       set up .venv and run all tests;  ARGS="tests/cli -k say" chooses'
	@echo 'make check      lint, types, layers, exports, figures'
	@echo 'make fix        format the code, and mend what the linter can mend'
	@echo 'make docs       write the parts of docs/ that are made from code and results'
	@echo 'make coverage   run all tests and say which lines none of them runs'
	@echo 'make setup      only set up .venv'
	@echo 'make clean      remove .venv and whatever tools have left'

setup: $(READY)
	@:

serve: $(READY)
	@exec $(PY) -m sonca serve $(ARGS)

quick: $(VENV)/.ready-dev
	@$(PY) -m pytest -m 'not slow' --hypothesis-profile quick $(PARALLEL) $(ARGS)

test: $(VENV)/.ready-dev
	@$(PY) -m pytest -rs $(PARALLEL) $(ARGS)

check: $(VENV)/.ready-dev
	@PYTHON=$(PY) scripts/check

fix: $(VENV)/.ready-dev
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

docs: $(VENV)/.ready-dev
	@$(PY) scripts/figures
	@$(PY) scripts/api-docs

coverage: $(VENV)/.ready-dev
	@$(PY) -m pytest $(PARALLEL) --cov --cov-report=term-missing:skip-covered $(ARGS)

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	rm -f .coverage .coverage.*
	find src tests examples -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.place:
	@python=$$(scripts/find-python) && \
		echo "Setting up $(VENV) with $$("$$python" --version) ..." && \
		"$$python" -m venv --clear $(VENV)
	@echo '$(CURDIR)' > $@

$(VENV)/.ready: $(VENV)/.place $(PINS)
	@echo 'Installing Sonca and what it needs ...'
	@$(INSTALL) --editable .
	@touch $@

$(VENV)/.extra-%: $(VENV)/.ready
	@echo 'Installing what $* needs ...'
	@$(INSTALL) --editable '.[$*]'
	@touch $@

$(VENV)/.ready-dev: $(VENV)/.place $(PINS)
	@echo 'Installing Sonca, its tests and checks ...'
	@$(INSTALL) --editable '.[test,check]'
	@touch $@ $(VENV)/.ready
