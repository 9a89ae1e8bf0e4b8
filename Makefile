# The commands of this project. Each sets up what it needs; PYTHON chooses the interpreter (3.10 or newer).
PYTHON ?= python3
BIN := .venv/bin
OLD_KERNEL := build/ipykernel-6.30
NODE := build/node
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# uv is quicker where it is there
INSTALL = { command -v uv >/dev/null && uv pip install --quiet --python $(BIN)/python $(1); } || $(PIP) $(1)
WITH_NODE := PATH="$(CURDIR)/$(BIN):$$PATH"

QUICK := -q -m "not browser and not kernel and not slow" --hypothesis-profile=quick --ignore=tests/browser

.PHONY: demo lab quick test lowest check format-and-lint types types-of-tests javascript coverage soak bench screenshots clean

demo: .venv/demo.done
	$(BIN)/python notebooks/run_demo.py

lab: .venv/lab.done
	$(BIN)/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) notebooks/01_first_video.ipynb

test: check $(OLD_KERNEL)
	sh tests/browser/install_chromium.sh $(BIN)/python
	$(BIN)/python -m pytest -n 2

# two processes, each with half of the files; what the second one says is shown after the first one
quick: check
	@mkdir -p build
	@$(BIN)/python -m pytest $(QUICK) --part 2/2 >build/quick-2.txt 2>&1 & other=$$!; \
	trap 'kill $$other' INT TERM; \
	$(BIN)/python -m pytest $(QUICK) --part 1/2; first=$$?; \
	wait $$other; second=$$?; cat build/quick-2.txt; exit $$((first | second))

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

# the same tests as quick, but for two processes, with the lowest versions that pyproject.toml allows
lowest: build/lowest/tests.done
	build/lowest/bin/python -m pytest -n 2 $(QUICK)

build/lowest/tests.done: pyproject.toml tests/lowest_versions.py
	$(PYTHON) -m venv --clear build/lowest
	build/lowest/bin/python tests/lowest_versions.py >build/lowest/versions.txt
	build/lowest/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[test]' --constraint build/lowest/versions.txt
	@touch $@

coverage: .venv/test.done
	$(BIN)/python -m pytest -n 2 $(QUICK) --cov --cov-report=term-missing:skip-covered

soak: .venv/test.done
	$(BIN)/python -m pytest -n 2 --deep -m deep
	$(BIN)/python tests/soak/soak.py --schedules 300

bench: .venv/test.done
	$(BIN)/python -m benchmarks

screenshots: .venv/test.done
	sh tests/browser/install_chromium.sh $(BIN)/python
	$(BIN)/python tests/browser/screenshots.py docs

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "Python 3.10 or newer is needed: make PYTHON=/path/to/python3"; exit 1; }
	$(PYTHON) -m venv .venv || { echo "Python has no venv module: install it (Debian: apt install python3-venv)"; exit 1; }

.venv/demo.done: .venv/bin/python pyproject.toml
	$(call INSTALL,--editable '.[demo]')
	@touch $@

.venv/lab.done: .venv/bin/python pyproject.toml
	$(call INSTALL,--editable '.[lab]')
	@touch $@

.venv/test.done: .venv/bin/python pyproject.toml
	$(call INSTALL,--editable '.[test]')
	@touch $@ .venv/lab.done .venv/demo.done

# what checks the JavaScript; node and npm come with the test extra
$(NODE)/tools.done: .venv/test.done package.json package-lock.json .npmrc
	@mkdir -p $(NODE)
	@cp package.json package-lock.json .npmrc $(NODE)
	$(WITH_NODE) npm ci --prefix $(NODE) --loglevel=error
	@touch $@

# the kernel-level tests run against the current ipykernel and against the last one before subshells
$(OLD_KERNEL): .venv/test.done
	$(PIP) --no-deps --upgrade --target $@ ipykernel==6.30.1 nest_asyncio==1.6.0
	@touch $@
