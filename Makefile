# The same targets on a laptop and in CI. `make` alone lists them.
PYTHON ?= python3
VENV ?= .venv
PYTHONS ?= python3.11 python3.12 python3.13
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
POLITELY := $(if $(BESIDE),nice -n 19)
# What must be covered to the last branch: a mistake there moves a belt.
TO_THE_LAST_BRANCH := */backstride/protocol/*,*/backstride/units.py,*/backstride/workout/plan.py,*/backstride/workout/compiler.py,*/backstride/workout/envelope.py,*/backstride/workout/runner.py,*/backstride/workout/conduct.py,*/backstride/workout/person.py,*/backstride/workout/steering.py,*/backstride/workout/target.py,*/backstride/workout/progress.py,*/backstride/workout/starting.py,*/backstride/workout/odometer.py,*/backstride/workout/obeying.py,*/backstride/workout/plausibility.py

.DEFAULT_GOAL := help
.PHONY: help demo demo-mqtt test test-bluez test-interop conformance-bluez matrix-bluez lint types contracts tests real-tests broker-tests broker-programs other-tests sizes matrix-check matrix machines conformance soak fuzz-minute fuzz bench bench-mqtt schema versions format clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 18

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Backstride needs Python 3.11 or later; name one with: make PYTHON=python3.12 …")'
	@echo "Installing into $(VENV) …"
	@$(PYTHON) -m venv $(VENV)
	@PIP_CONSTRAINT=constraints.txt $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,fuzz]'
	@touch $@

demo: $(INSTALLED) ## walk the retro walk on the simulated treadmill, in virtual time
	@$(BIN)/backstride run profiles/retro-walk.yaml --simulated --fast

demo-mqtt: $(INSTALLED) ## three simulated treadmills on an embedded MQTT broker, for half a minute (docs/mqtt.md)
	@$(BIN)/python tests/support/demo_mqtt.py

# Types, matrix and fuzzing come last: they only compute, and give way to what is run BESIDE them, in CI test-bluez.
test: lint contracts sizes tests ## everything that must be green: lint, types, contracts, tests, the fault matrix
	@$(MAKE) --no-print-directory --jobs=$(words 1 $(BESIDE)) --output-sync=target $(BESIDE) types matrix-check fuzz-minute

test-bluez: $(INSTALLED) ## the driver against a real Linux Bluetooth stack, in a virtual machine (docs/bluez.md)
	@$(BIN)/python -m tests.e2e.bluez

test-interop: $(INSTALLED) ## other people's clients and treadmills against ours, in a virtual machine (docs/interop.md)
	@$(BIN)/python -m tests.e2e.interop

lint: $(INSTALLED)
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(INSTALLED)
	$(POLITELY) $(BIN)/mypy

contracts: $(INSTALLED)
	@$(BIN)/lint-imports --no-logo

sizes: $(INSTALLED)
	@$(BIN)/python tests/support/sizes.py src/backstride

tests: $(INSTALLED)
	$(BIN)/coverage erase
	@$(MAKE) --no-print-directory --jobs=4 --output-sync=target real-tests broker-tests broker-programs other-tests
	@$(BIN)/coverage combine --quiet
	$(BIN)/coverage report
	@$(BIN)/coverage report --include='$(TO_THE_LAST_BRANCH)' --fail-under=100 > $(VENV)/last-branch.txt || { cat $(VENV)/last-branch.txt; exit 1; }

real-tests: # installed programs on real clocks, as people have them: no coverage slows them down
	$(BIN)/pytest -m "not broker" tests/e2e

broker-tests: # what mostly waits for a broker
	$(BIN)/coverage run -m pytest -m broker tests/integration

broker-programs: # and so do these
	$(BIN)/coverage run -m pytest -m broker tests/e2e

other-tests: # what keeps one processor busy
	$(BIN)/coverage run -m pytest -m "not broker" --ignore=tests/e2e

matrix-check: $(INSTALLED)
	@$(POLITELY) $(BIN)/python -m tests.matrix --check

matrix: $(INSTALLED) ## every fault in every phase on several machines; writes docs/reliability.md
	@$(BIN)/python -m tests.matrix

machines: $(INSTALLED) ## write docs/machines.md anew
	@$(BIN)/python -m tests.machines

conformance: $(INSTALLED) ## run the FTMS cases, and write docs/conformance.md anew
	$(BIN)/pytest -q tests/conformance --write-conformance

matrix-bluez: $(INSTALLED) ## the faults of the link through BlueZ in the virtual machine; writes docs/reliability-bluez.md
	@BACKSTRIDE_BLUEZ_WITHIN=5400 $(BIN)/python -m tests.e2e.bluez -v tests/e2e/bluez/faults; code=$$?; \
		cp .bluez/reliability-bluez.md docs/; exit $$code

conformance-bluez: $(INSTALLED) ## the same through BlueZ in the virtual machine
	@BACKSTRIDE_BLUEZ_WITHIN=4000 $(BIN)/python -m tests.e2e.bluez -q tests/conformance --write-conformance && cp .bluez/conformance.md docs/

soak: $(INSTALLED) ## the matrix on further machines, 200,000 steps of random sequences, 2,000 killed walks
	@$(BIN)/python -m tests.matrix --further
	@BACKSTRIDE_SOAK=200000 $(BIN)/pytest -q tests/property/test_runner_stateful.py tests/property/test_procedures_stateful.py tests/property/test_session_stateful.py
	@BACKSTRIDE_KILLS=2000 BACKSTRIDE_SEED=$$(date +%s) $(BIN)/pytest -q tests/e2e/test_ends_killed.py

fuzz-minute: $(INSTALLED)
	@$(POLITELY) $(BIN)/python -m tests.fuzz minute

fuzz: $(INSTALLED) ## try ten million inputs on the decoders, and write docs/fuzzing.md
	@$(BIN)/python -m tests.fuzz full docs/fuzzing.md

bench: $(INSTALLED) ## measure, and compare with the goals of docs/performance.md
	$(BIN)/pytest benchmarks --ignore=benchmarks/test_fleet.py -s -q --benchmark-enable --benchmark-columns=min,median,max,rounds

bench-mqtt: $(INSTALLED) ## a thousand simulated treadmills on one bridge and a Mosquitto; compare with docs/performance.md
	$(BIN)/python -m pytest benchmarks/test_fleet.py -s -q

schema: $(INSTALLED) ## write the JSON Schemas of profiles, captures and MQTT payloads anew
	$(BIN)/python -m backstride.workout.profile > profiles/profile.schema.json
	$(BIN)/python -m backstride.capture > docs/capture.schema.json
	$(BIN)/python -m backstride.apps.mqtt > docs/mqtt.schema.json

versions: ## run the tests on Python 3.11, 3.12 and 3.13, or on those in PYTHONS
	@for python in $(PYTHONS); do $(MAKE) --no-print-directory test PYTHON=$$python VENV=.venv-$$(basename $$python) || exit 1; done

format: $(INSTALLED) ## format the code and mend what ruff can mend
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

clean: ## remove what the targets made
	rm -rf .venv .venv-* .coverage* .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .benchmarks dist build
