# Daytwo. `make demo` and `make test` set up all they need by themselves.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
UV_VERSION := 0.13.9
PYTHON ?= python3
# Each test starts the servers that it needs on free ports, so tests can run side by side.
TEST_PROCESSES ?= 2
# A private uv, so that a machine needs only make and a Python.
UV := .uv/bin/uv
RUN := .venv/bin/python
export PYTHONPATH := .

.PHONY: demo test browser lint setup locks locks-check bench soak mutants package test-az clean

demo: setup
	$(RUN) -m ops.cli demo

test: setup lint browser
	$(RUN) -m pytest -n $(TEST_PROCESSES) --dist worksteal $(PYTEST_ARGS)

# Without a browser the tests that need one say why they are skipped.
browser: setup
	-@$(RUN) -m tools.browser

lint: setup locks-check
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	$(RUN) -m tools.phrases
	$(RUN) -m tools.table_loops

setup: .venv/.installed

$(UV):
	$(PYTHON) -m venv .uv
	.uv/bin/pip install --quiet uv==$(UV_VERSION)

# A Python 3.13 of the machine comes first. If there is none, uv downloads one from GitHub, the only case in which setting up
# needs more than a Python package registry. If that is blocked, setting up ends here.
.venv/.installed: requirements.txt requirements-dev.txt .python-version | $(UV)
	$(UV) venv --quiet --allow-existing --python-preference system --python "$$(cat .python-version)" .venv || { \
	  echo "Daytwo needs Python $$(cat .python-version), which is not installed and cannot be downloaded: install it," \
	    "or set UV_PYTHON_INSTALL_MIRROR to a mirror of the releases of python-build-standalone." >&2; exit 1; }
	$(UV) pip sync --quiet --compile-bytecode --require-hashes --python .venv/bin/python requirements-dev.txt
	touch $@

COMPILE = $(UV) pip compile --quiet --generate-hashes --no-header --python-version 3.13 --python-platform linux

# Each lock: its groups of pyproject.toml, and the locks whose pins it keeps.
LOCKS := requirements.txt requirements-teams-bot.txt requirements-telemetry.txt requirements-dev.txt
requirements.txt_SET := --group azure
requirements-teams-bot.txt_SET := --group azure --group teams-bot -c requirements.txt
requirements-telemetry.txt_SET := --group azure --group telemetry -c requirements-teams-bot.txt
requirements-dev.txt_SET := --group azure --group cli --group teams-bot --group telemetry --group simulator --group dev \
  -c requirements-teams-bot.txt -c requirements-telemetry.txt

locks: | $(UV)
	$(foreach lock,$(LOCKS),$(COMPILE) $($(lock)_SET) -o $(lock) &&) true

locks-check: build/locks/.checked

# Compiles again, held to the locked versions: a difference means that pyproject.toml and a lock disagree.
build/locks/.checked: pyproject.toml Makefile $(LOCKS) | setup
	@mkdir -p build/locks && cp $(LOCKS) build/locks/
	@$(foreach lock,$(LOCKS),$(COMPILE) $($(lock)_SET) -o build/locks/$(lock) &&) true
	@for f in $(LOCKS); do \
	  diff -q <(grep -v '^ *#' $$f) <(grep -v '^ *#' build/locks/$$f) >/dev/null \
	    || { echo "$$f does not match pyproject.toml: run 'make locks' and commit the result" >&2; exit 1; }; done
	@touch $@

bench: setup
	$(RUN) -m bench

soak: setup
	$(RUN) -m pytest -m soak --override-ini addopts="-ra --import-mode=importlib" $(PYTEST_ARGS)

# Every room by default; ROOM=policy runs one. The verdicts in build/mutants are used again until code or tests change.
mutants: setup
	$(RUN) -m tools.mutants $(ROOM) $(MUTANTS_ARGS)

package: setup
	$(RUN) -m tools.package $(PACKAGE_ARGS)

# The Azure CLI pins hundreds of packages that contradict ours: it has a separate environment, on a Python that it supports.
build/az/.installed: | $(UV)
	$(UV) venv --quiet --allow-existing --python '>=3.11,<3.13' build/az
	$(UV) pip install --quiet --python build/az/bin/python 'azure-cli==2.91.*'
	touch $@

test-az: setup build/az/.installed
	$(RUN) -m pytest -m az --override-ini addopts="-ra --import-mode=importlib" $(PYTEST_ARGS)

clean:
	rm -rf .venv .uv build
