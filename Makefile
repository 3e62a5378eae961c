# Everything runs in .venv, installed from requirements.lock with hashes. Needs Python 3.11 or later, pip and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
WORKERS ?= 2

.PHONY: demo test test-office test-browser picture bench deep mutants lint lock clean

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $(READY)

demo: $(READY)
	@echo "Nine medical groups, settled from made-up member months by contracts with what is published of them"
	@$(BIN)/p4v demo demo/groups
	@echo
	@$(BIN)/p4v settle-table mssp examples/medicare/mssp_inputs.csv --out demo/RESULTS.csv
	@$(BIN)/python examples/medicare/agreement.py mssp demo/RESULTS.csv
	@echo
	@echo "Palm Beach Accountable Care Organization, 2014: published shared savings \$$14,455,933"
	@$(BIN)/p4v settle-table mssp examples/medicare/mssp_inputs.csv --only performance_year=2014,aco_id=A67373 --out demo/A67373-2014.csv --statements demo

test: $(READY) lint
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadscope
	$(BIN)/python -O -m pytest -q -W ignore::pytest.PytestConfigWarning tests/test_published.py tests/test_runs.py

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test-office: $(READY)
	@command -v soffice >/dev/null || { echo "make test-office needs LibreOffice Calc (Debian: libreoffice-calc)"; exit 1; }
	$(BIN)/python -m pytest -m office tests/office

test-browser: $(READY)
	@command -v chromium >/dev/null || { echo "make test-browser needs Chromium (Debian: chromium)"; exit 1; }
	$(BIN)/python -m pytest -m browser tests/browser

picture: $(READY)
	@command -v chromium >/dev/null || { echo "make picture needs Chromium (Debian: chromium)"; exit 1; }
	$(BIN)/python docs/picture.py

bench: $(READY)
	$(BIN)/python benchmarks/bench.py

WORKSPACES ?= 1000
deep: $(READY)
	$(BIN)/python tests/workspaces/run.py --seeds $(WORKSPACES)

mutants: $(READY)
	$(BIN)/python benchmarks/mutants.py

lock: $(READY)
	$(BIN)/pip-compile --quiet --upgrade --generate-hashes --all-extras --allow-unsafe --strip-extras --no-header --no-annotate --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options --output-file requirements.lock pyproject.toml

clean:
	rm -rf $(VENV) demo mutants
