# Two commands do everything on a fresh machine: `make demo` and `make test`.
# They need Python >= 3.11, make and git; the rest is installed, pinned, into .venv.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
EXTENSION := editors/vscode/dist/spark-lsp.vsix
DEMO ?= spark_lsp/server/provider.py

.DEFAULT_GOAL := help
.PHONY: help demo test test-editors extension check peers editors settings bench lock clean

help: ## say what the targets do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/run ## set up and watch a real file being typed with the embedded engine
	$(BIN)/spark-lsp drive $(DEMO)

test: .venv/dev peers ## style, types, contracts and every test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n auto --ignore tests/editors

test-editors: .venv/dev editors $(EXTENSION) ## type into real editors and look at their screens
	cd editors/vscode && npm run --silent check
	$(BIN)/pytest -n auto tests/editors

extension: $(EXTENSION) ## package the extension for VS Code, to be installed from its file
	@echo $(EXTENSION)

check: .venv/dev ## format and repair what can be repaired, then types and contracts
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/mypy
	$(BIN)/lint-imports

peers: $(patsubst %,.peers/%/ready,python node llama) ## set up the programs of others that the tests talk to

editors: $(patsubst %,.peers/%/ready,neovim stylua vscode chromium emacs helix) ## set up the editors that the tests type into

settings: .venv/run ## renew what is made of the settings: README.md, the schema, VS Code
	$(BIN)/python -m tools.settings

bench: .venv/run ## measure the budgets against their baselines
	$(BIN)/spark-lsp bench

lock: .venv/dev ## renew the pinned requirements from pyproject.toml
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --group build -o requirements/run.txt
	$(BIN)/uv pip compile pyproject.toml --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --group dev -o requirements/dev.txt
	$(BIN)/uv pip compile --group pyproject.toml:peers --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 -o requirements/peers.txt

clean: ## remove what the other targets made
	rm -rf .venv .peers editors/vscode/node_modules editors/vscode/dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache build dist

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install it, or say make PYTHON=/path/to/python3" >&2; exit 1; }
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0])'
	$(PYTHON) -m venv .venv

# One file per set of packages records that it is installed.
.venv/run: .venv/bin/python requirements/run.txt pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev: .venv/run requirements/dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

$(EXTENSION): editors/vscode/node_modules/.package-lock.json $(wildcard editors/vscode/*.json editors/vscode/*.md editors/vscode/media/* editors/vscode/src/*.ts editors/vscode/src/*/*.ts)
	cd editors/vscode && npm run --silent package

editors/vscode/node_modules/.package-lock.json: editors/vscode/package-lock.json
	cd editors/vscode && npm ci --ignore-scripts --no-audit --no-fund --prefer-offline --loglevel error
	@touch $@

# What cannot be had on this machine is left out and said, and looked for again the next time.
.peers/python/ready: requirements/peers.txt
.peers/node/ready: tests/peers/node/package-lock.json
.peers/stylua/ready: tests/peers/stylua/package-lock.json
.peers/vscode/ready: tests/peers/vscode/package-lock.json
.peers/chromium/ready: | .venv/dev
.peers/%/ready: tests/peers/install.py tests/peers/debian.py | .venv/bin/python
	@$(BIN)/python -m tests.peers.install $*
