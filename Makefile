# Everything a newcomer and the CI run. `make` alone lists it.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

# make demo: recorded events to play instead of the simulator's, a nabz.yaml, where the report goes
INPUT  ?=
CONFIG ?=
REPORT ?=
# make sbom: where it goes
OUT    ?= sbom.cdx.json
# make bench, make eval: where the figures go
JSON   ?=
# make bench: 1 for little of everything
QUICK  ?=
# make eval: a directory of labelled conversations, as bench/evaluate.py describes them
DATA   ?=
# make fuzz: how long to look
SECONDS ?= 60
# make mutants: which modules of scoring, all of those it knows by default; how long
MODULES ?=
MINUTES ?= 60
# make test, make demo: passed on as they are
ARGS   ?=

.DEFAULT_GOAL := help
# make observe: 1 to check, stop, and exit 0 or 1
CHECK  ?=
# make chaos: how many seeds, or only this one, and how many events each
SEEDS  ?= 10
SEED   ?=
EVENTS ?= 200000
.PHONY: help bad-day setup check test coverage contract dashboards demo bench day eval fuzz chaos brokers soak year state-size mutants observe sbom audit lock clean

help: ## List these targets
	@echo "usage: make <target>"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP) ## Make .venv and install what requirements.lock pins, checked by hash
	@echo "setup: $(VENV) is up to date"

$(STAMP): requirements.lock pyproject.toml scripts/setup
	@PYTHON="$(PYTHON)" VENV="$(VENV)" ./scripts/setup
	@touch $@

check: $(STAMP) ## Format, lint, types and the direction of imports
	@failed=; for tool in "ruff format --check" "ruff check" mypy lint-imports; do \
	  echo "check: $$tool"; $(BIN)/$$tool || failed="$$failed, $$tool"; done; \
	  test -z "$$failed" || { echo "check: failed: $${failed#, }" >&2; exit 1; }; \
	  echo "check: all passed"

test: $(STAMP) ## Run the tests; ARGS="tests/alerts -k webhook" passes options to pytest
	$(BIN)/python -m pytest $(ARGS)

coverage: $(STAMP) ## Branch coverage of scoring and alerts by their own tests; below 100 % fails
	$(BIN)/coverage run -m pytest -q tests/scoring tests/alerts scoring alerts $(ARGS)
	$(BIN)/coverage report

contract: $(STAMP) ## Write docs/contract anew after a change of a public type; ARGS="--release 0.2.0"
	$(BIN)/python -m streams.contract $(ARGS)

dashboards: $(STAMP) ## Write deploy/grafana/dashboards anew after a change of streams/dashboards
	$(BIN)/python -m streams.dashboards

demo: $(STAMP) ## Watch simulated customers get angry, live; INPUT= CONFIG= REPORT= ARGS=--plain
	@$(BIN)/nabz demo $(if $(INPUT),--input "$(INPUT)") $(if $(CONFIG),--config "$(CONFIG)") \
	  $(if $(REPORT),--report "$(REPORT)") $(ARGS)

bench: $(STAMP) ## nabz beside its peers on one Kafka, into docs/performance.md; QUICK=1 JSON=out.json
	$(BIN)/python -m bench.run $(if $(QUICK),--quick) $(if $(JSON),--json "$(JSON)") $(ARGS)

day: $(STAMP) ## Live a simulated day of 50,000 customers under each preset; ARGS="--customers 5000"
	$(BIN)/python -m bench.day $(ARGS)

eval: $(STAMP) ## Measure what is read on labelled conversations; DATA=folder JSON=out.json
	@test -n "$(DATA)" || { echo "eval: give the folder: make eval DATA=folder" >&2; exit 2; }
	$(BIN)/python -m bench.evaluate "$(DATA)" $(if $(JSON),--json "$(JSON)") $(ARGS)

fuzz: $(STAMP) ## Throw any Unicode at the readers of texts for SECONDS=60; atheris if it is there
	$(BIN)/python -m bench.fuzz --seconds $(SECONDS) $(ARGS)

chaos: $(STAMP) ## Kill, freeze, restart everything on Kafka, then compare; SEEDS=10 SEED=7 EVENTS=50000
	$(BIN)/python -m tests.journey.chaos $(if $(SEED),--seed $(SEED),--seeds $(SEEDS)) \
	  --events $(EVENTS) $(ARGS)

brokers: $(STAMP) ## Kill one and two of three Kafka brokers under load, then compare; minutes
	$(BIN)/python -m tests.brokers.outages $(ARGS)

soak: $(STAMP) ## Half an hour at half of what a worker can: memory and lag; ARGS="--minutes 2"
	$(BIN)/python -m tests.journey.soak $(ARGS)

year: $(STAMP) ## Live a simulated year, fill the same year in, and compare; ARGS="--seed 3 --days 90"
	$(BIN)/python -m tests.worker.life $(ARGS)

state-size: $(STAMP) ## Weigh the rows of the heaviest customers over a simulated year
	$(BIN)/python -m bench.state_size $(ARGS)

bad-day: $(STAMP) ## 10,000 transitions through five failing channels, on virtual time; ARGS="--seed 2"
	$(BIN)/python -m tests.notifier.bad_day $(ARGS)

mutants: $(STAMP) ## Change windows, state and health a little, see if a test notices; MODULES=panes MINUTES=60
	$(BIN)/python -m bench.mutants $(MODULES) --minutes $(MINUTES) $(ARGS)

observe: $(STAMP) ## Run all under load beside a real Prometheus; CHECK=1 checks dashboards and alarms
	@$(BIN)/python -m tests.deploy.observe $(if $(CHECK),--check) $(ARGS)

sbom: $(STAMP) ## Write what nabz is made of as CycloneDX; OUT=sbom.cdx.json
	$(BIN)/python -m tests.deploy.supply sbom $(OUT)

audit: $(STAMP) ## Licences and published vulnerabilities of what nabz is made of; 1 if one needs somebody
	@$(BIN)/python -m tests.deploy.supply audit

lock: ## Resolve pyproject.toml anew into requirements.lock; ARGS=--upgrade for newer versions
	@test -x $(BIN)/pip-compile || $(MAKE) --no-print-directory setup
	CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --extra embedded --extra dev \
	  --build-deps-for editable --allow-unsafe --generate-hashes --strip-extras \
	  --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options \
	  --output-file requirements.lock $(ARGS) pyproject.toml

clean: ## Remove what these targets made, .venv and the Kafka jars included
	rm -rf $(VENV) .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	rm -rf .coverage .coverage.* build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
