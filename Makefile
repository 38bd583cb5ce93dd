# The targets of daily work. `make accept` and `make test` start from nothing but Python, make and git.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
N      ?= 20
WORKERS ?= 4
JOBS ?= 4
OPTIONS ?=
DEFECT ?=
URL ?=
REPEATS ?= $(if $(DEFECT),1,5)

.PHONY: help accept parallel smoke load test lint unit integration atest stretch repeat bench prove docs mutation clean

help:            ## this list
	@grep -hE '^[a-z-]+: .*##' $(MAKEFILE_LIST) | awk -F': .*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(f"Wireproof needs Python 3.11 or newer, this is {sys.version.split()[0]}; try make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

accept: $(VENV)/.installed     ## run all acceptance suites on the embedded stack; results/log.html, results/report.html
	$(BIN)/robot --outputdir results --exclude stretch $(OPTIONS) suites/

parallel: $(VENV)/.installed-dev ## run those that measure nothing in WORKERS processes at once (WORKERS=4), each with its own stack
	$(BIN)/python -m pabot.pabot --command $(CURDIR)/$(BIN)/python -m robot --end-command --no-pabotlib \
	  --processes $(WORKERS) --outputdir results/parallel --exclude stretchORexclusive $(OPTIONS) suites/

smoke: $(VENV)/.installed      ## run the quickest tests of each area
	$(BIN)/robot --outputdir results --include smoke $(OPTIONS) suites/

load: $(VENV)/.installed       ## run a load on URL: make load URL=ws://… OPTIONS="--rate 1000/s --connections 100 --duration 30s"
	@test -n "$(URL)" || { echo 'which server? make load URL=ws://127.0.0.1:3001/ OPTIONS="--rate 100/s --duration 10s"' >&2; exit 2; }
	$(BIN)/python -m wireproof load "$(URL)" $(OPTIONS)

stretch: $(VENV)/.installed    ## run the tests beyond the agreed scale
	$(BIN)/robot --outputdir results --include stretch --runemptysuite $(OPTIONS) suites/

repeat: $(VENV)/.installed     ## run all suites N times (N=20) and count the green runs
	@green=0; for run in $$(seq $(N)); do \
	  if $(BIN)/robot --outputdir results/repeat/$$run --exclude stretch --console none $(OPTIONS) suites/; then green=$$((green + 1)); \
	  else echo "run $$run failed: results/repeat/$$run/log.html"; fi; done; \
	echo "$$green of $(N) runs green"; test $$green -eq $(N)

test: lint unit integration atest  ## check style, types and floors, run every test of the library and the server

lint: $(VENV)/.installed-dev   ## ruff, mypy, robocop, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/robocop check suites resources tests
	$(BIN)/robocop format --check --no-overwrite suites resources tests

unit: $(VENV)/.installed-dev   ## tests of the pure parts; no services
	$(BIN)/pytest tests/unit --numprocesses 2 --dist loadfile

integration: $(VENV)/.installed-dev  ## tests against real PostgreSQL, Redis, servers and sockets; JOBS=4 files at once
	$(BIN)/pytest tests/integration --numprocesses $(JOBS) --dist loadfile

atest: $(VENV)/.installed-dev  ## Robot runs judged by their output
	$(BIN)/pytest tests/atest --numprocesses $(JOBS) --dist loadfile

mutation: $(VENV)/.installed-dev  ## flip every comparison of the judges, leave out each fault; a test has to notice
	$(BIN)/python tests/mutation/mutate.py
	$(BIN)/python -m tests.mutation.without_faults

bench: $(VENV)/.installed-dev  ## measure; results/bench.json (AREA=server for one area)
	$(BIN)/python -m bench $(if $(AREA),--area $(AREA))

prove: $(VENV)/.installed-dev  ## run the suites against each seeded defect; results/kill-matrix.html (DEFECT="name ..." for some)
	$(BIN)/python -m tests.prove --repeats $(REPEATS) $(foreach defect,$(DEFECT),--defect $(defect))

docs: $(VENV)/.installed-dev   ## keyword documentation as HTML under docs/keywords, and docs/faults.md
	$(BIN)/python -m robot.libdoc wireproof.Delivery docs/keywords/Delivery.html
	$(BIN)/python -m robot.libdoc wireproof.Faults docs/keywords/Faults.html
	$(BIN)/python -m robot.libdoc wireproof.Fixtures docs/keywords/Fixtures.html
	$(BIN)/python -m robot.libdoc wireproof.Load docs/keywords/Load.html
	$(BIN)/python -m robot.libdoc wireproof.Monitor docs/keywords/Monitor.html
	$(BIN)/python -m robot.libdoc wireproof.Report docs/keywords/Report.html
	$(BIN)/python -m robot.libdoc wireproof.Sockets docs/keywords/Sockets.html
	$(BIN)/python -m robot.libdoc wireproof.Stack docs/keywords/Stack.html
	$(BIN)/python -m robot.libdoc wireproof.Timing docs/keywords/Timing.html
	$(BIN)/python -m tests.catalogue

clean:           ## remove what runs and installs leave
	rm -rf $(VENV) .mypy_cache .ruff_cache .hypothesis .import_linter_cache .robocop_cache build dist
	find results -mindepth 1 -maxdepth 1 ! -name baselines -exec rm -rf {} +
