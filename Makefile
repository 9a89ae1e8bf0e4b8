# The commands of this project. Each sets up what it needs; PYTHON chooses the interpreter (3.10 or newer).
PYTHON ?= python3
BIN := .venv/bin
OLD_KERNEL := build/ipykernel-6.30
COLLABORATION := build/collaboration
MARIMO := build/marimo
NODE := build/node
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# uv takes seconds where pip takes most of a minute: it comes first into an environment, and where it cannot, pip does its work
UV := PATH="$$PATH:$(BIN)" uv
INSTALL = $(UV) pip install --quiet --python $(BIN)/python $(1) 2>/dev/null || $(PIP) $(1)
# the pip of the machine brings it in sooner than one that is unpacked first, and it brings pip
VENV_BY_UV := $(PYTHON) -m venv --without-pip .venv && $(PYTHON) -m pip --python $(BIN)/python install --quiet --disable-pip-version-check uv && $(UV) pip install --quiet --python $(BIN)/python pip
WITH_NODE := PATH="$(CURDIR)/$(BIN):$$PATH"

RELEASE_TOOLS := 'build>=1.2' 'twine>=6.1' 'check-wheel-contents>=0.6' 'validate-pyproject>=0.20' 'pyroma>=5'
# of 10: two are for addresses, of a site and of an author, and there are none to give
RATING := 8

PORTABLE := -q --hypothesis-profile=quick --ignore=tests/browser -m "not browser and not kernel and not slow"
QUICK := $(PORTABLE) --quick

.PHONY: demo lab quick test test-browsers install-browsers durations lowest newest dist check format-and-lint types types-of-tests javascript coverage soak bench docs screenshots environments clean

demo: .venv/demo.done
	$(BIN)/python notebooks/run_demo.py

lab: .venv/lab.done
	$(BIN)/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) notebooks/01_first_video.ipynb

test: check $(OLD_KERNEL) $(COLLABORATION) $(MARIMO) install-browsers
	sh tests/ledger/install_postgresql.sh
	$(BIN)/python -m pytest -n 2

# what looks at pages, in Chromium, Firefox and WebKit; ENGINE=firefox runs what is seen in that one
test-browsers: $(NODE)/tools.done $(COLLABORATION) $(MARIMO) install-browsers
	$(BIN)/python -m pytest -n 2 -m "$(or $(ENGINE),browser)" tests/browser

install-browsers: .venv/test.done
	sh tests/browser/install_chromium.sh $(BIN)/python
	sh tests/browser/install_firefox_and_webkit.sh

# two processes, each with half of the files; what the second one says is shown after the first one
quick: check
	@mkdir -p build
	@$(BIN)/python -m pytest $(QUICK) --part 2/2 >build/quick-2.txt 2>&1 & other=$$!; \
	trap 'kill $$other' INT TERM; \
	$(BIN)/python -m pytest $(QUICK) --part 1/2; first=$$?; \
	wait $$other; second=$$?; cat build/quick-2.txt; exit $$((first | second))

# tests/durations.txt: how long each test takes beside the others, and so which are too long for make quick
durations: .venv/test.done
	$(BIN)/python -m pytest $(PORTABLE) --measure

check: .venv/test.done $(NODE)/tools.done
	@$(MAKE) --no-print-directory -j 2 types-of-tests types format-and-lint javascript

format-and-lint:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types:
	$(BIN)/mypy

types-of-tests:
	$(BIN)/mypy --config-file tests/mypy.ini

javascript:
	$(WITH_NODE) $(NODE)/node_modules/.bin/biome check --error-on-warnings
	$(WITH_NODE) $(NODE)/node_modules/.bin/tsc --project .

# what make quick runs and the long tests that it leaves out, with the lowest versions that pyproject.toml allows
lowest: build/lowest/tests.done
	build/lowest/bin/python -m pytest -n 2 $(PORTABLE)

build/lowest/tests.done: pyproject.toml tests/lowest_versions.py
	$(PYTHON) -m venv --clear build/lowest
	build/lowest/bin/python tests/lowest_versions.py >build/lowest/versions.txt
	build/lowest/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[test]' --constraint build/lowest/versions.txt
	@touch $@

# and with the newest versions of everything: make newest PYTHON=python3.13
newest: build/newest/tests.done
	build/newest/bin/python -m pytest -n 2 $(PORTABLE)

build/newest/tests.done: pyproject.toml
	$(PYTHON) -m venv --clear build/newest
	build/newest/bin/python -m pip install --quiet --disable-pip-version-check --upgrade --upgrade-strategy eager --editable '.[test]'
	@touch $@

# the wheel and the sdist, into dist/: built, checked, and each installed alone into a fresh environment, where it runs the first lesson
dist: build/release/tools.done
	rm -rf dist
	build/release/bin/validate-pyproject pyproject.toml
	build/release/bin/python -m build --outdir dist
	build/release/bin/twine check --strict dist/*
	build/release/bin/check-wheel-contents dist/*.whl
	build/release/bin/pyroma --min $(RATING) dist/*.tar.gz
	build/release/bin/python tests/check_distributions.py dist

build/release/tools.done: Makefile
	$(PYTHON) -m venv --clear build/release
	build/release/bin/python -m pip install --quiet --disable-pip-version-check $(RELEASE_TOOLS)
	@touch $@

coverage: .venv/test.done
	$(BIN)/python -m pytest -n 2 $(PORTABLE) --cov --cov-report=term-missing:skip-covered

soak: .venv/test.done
	$(BIN)/python -m pytest -n 2 --deep -m deep
	$(BIN)/python tests/soak/soak.py --schedules 300

bench: .venv/test.done
	$(BIN)/python -m benchmarks

# no network is needed: build/site/index.html opens from disk
docs: .venv/docs.done
	$(BIN)/python tests/support/page_tables.py
	$(BIN)/zensical build --strict --clean

screenshots: .venv/test.done
	sh tests/browser/install_chromium.sh $(BIN)/python
	$(BIN)/python tests/browser/screenshots.py docs
	$(BIN)/python tests/browser/clips.py docs/clips

# everything that can run on one machine; it is told in docs/environments.md
environments: $(NODE)/tools.done $(MARIMO)
	sh tests/browser/install_chromium.sh $(BIN)/python
	$(BIN)/python tests/environments/drive.py

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .cache

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "Python 3.10 or newer is needed: make PYTHON=/path/to/python3"; exit 1; }
	@echo "Making .venv with $$($(PYTHON) --version)"
	@uv venv --quiet --seed --python $(PYTHON) .venv 2>/dev/null || { $(VENV_BY_UV); } 2>/dev/null || $(PYTHON) -m venv --clear .venv || { echo "Python has no venv module: install it (Debian: apt install python3-venv)"; exit 1; }
	@PATH="$$PATH:$(BIN)" command -v uv >/dev/null || $(PIP) uv || true

.venv/demo.done: .venv/bin/python pyproject.toml
	$(call INSTALL,--editable '.[demo]')
	@touch $@

.venv/lab.done: .venv/bin/python pyproject.toml
	$(call INSTALL,--editable '.[lab]')
	@touch $@

.venv/docs.done: .venv/bin/python pyproject.toml
	$(call INSTALL,--editable '.[docs]')
	@touch $@

.venv/test.done: .venv/bin/python pyproject.toml
	$(call INSTALL,--editable '.[test]')
	@touch $@ .venv/lab.done .venv/demo.done .venv/docs.done

# what checks the JavaScript, and the proxy of the hub's tests; node and npm come with the test extra
$(NODE)/tools.done: .venv/test.done package.json package-lock.json .npmrc
	@mkdir -p $(NODE)
	@cp package.json package-lock.json .npmrc $(NODE)
	$(WITH_NODE) npm ci --prefix $(NODE) --loglevel=error
	@touch $@

# the kernel-level tests run against the current ipykernel and against the last one before subshells
$(OLD_KERNEL): .venv/test.done
	$(PIP) --no-deps --upgrade --target $@ ipykernel==6.30.1 nest_asyncio==1.6.0
	@touch $@

# real-time collaboration in a folder of its own, for its own tests: installed beside JupyterLab it would change how all others save
$(COLLABORATION): .venv/test.done tests/browser/collaboration.txt
	$(PIP) --no-deps --upgrade --target $@ --requirement tests/browser/collaboration.txt
	@touch $@

# apart from all others: it wants newer versions than the lowest that are allowed here
$(MARIMO): .venv/test.done
	$(PIP) --upgrade --target $@ marimo==0.25.2
	@touch $@
