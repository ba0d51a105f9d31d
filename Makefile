# Everything runs from .venv; nothing else on the machine is touched.
# The two stamps say which dependencies .venv holds: a changed pyproject.toml or
# constraints.txt installs again, and anything else starts at once.

VENV := .venv
RUNTIME := $(VENV)/.runtime-installed
DEV := $(VENV)/.dev-installed
BIN := $(VENV)/bin
# Many tests wait for something; files stay whole, for their tests share what they build.
AT_ONCE := -n 3 --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install demo test check format screenshots clean

help:
	@echo "make demo          the bot and a local chat page to try it: no token, no GPU"
	@echo "make install       only the set-up: .venv with the pinned dependencies"
	@echo "make test          every test; ARGS='tests/storage -k ledger' runs some"
	@echo "make check         format, lint, types, import contracts"
	@echo "make format        rewrite the code as make check wants it"
	@echo "make screenshots   draw the pictures of the README again (needs Chromium)"
	@echo "make clean         remove .venv and caches; data/ stays"

install: $(RUNTIME)

demo: $(RUNTIME)
	@$(BIN)/python -m bot demo $(ARGS)

test: $(DEV)
	@$(BIN)/python -m pytest $(AT_ONCE) $(ARGS)

check: $(DEV)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/pyright
	@$(BIN)/lint-imports --no-logo

format: $(DEV)
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

screenshots: $(DEV)
	@$(BIN)/python -m scripts.screenshots $(ARGS)

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info
	find bot generation storage config tests scripts -name __pycache__ -prune -exec rm -rf {} +

$(RUNTIME): pyproject.toml constraints.txt | $(BIN)/pip
	@echo "Installing the dependencies: minutes the first time, then never again"
	@$(BIN)/pip install --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(DEV): pyproject.toml constraints.txt | $(BIN)/pip
	@echo "Installing the dependencies and the tools: minutes the first time, then never again"
	@$(BIN)/pip install --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@ $(RUNTIME)

# pip is what `venv` writes last, so a half-made folder is made again.
$(BIN)/pip:
	@python=; for each in "$(PYTHON)" python3.11 python3.12 python3; do \
		if [ -n "$$each" ] && "$$each" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' 2>/dev/null; \
		then python=$$each; break; fi; done; \
	if [ -z "$$python" ]; then \
		echo "Reelroom needs Python 3.11 or 3.12, and none was found (python3 is $$(python3 --version 2>&1))." >&2; \
		echo "Install one, or name it: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; fi; \
	if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
		echo "This Python cannot make virtual environments; on Debian: apt install python3-venv" >&2; exit 1; fi; \
	echo "Making $(VENV) with $$("$$python" --version)"; \
	"$$python" -m venv --clear $(VENV)
