# Two commands do everything: `make demo` and `make test`. `make help` lists the rest.
PYTHON ?= python3
VENV ?= .venv
HOST ?= 127.0.0.1
PORT ?= 8000
LOOKALIKE_HOME ?= var
export LOOKALIKE_HOME
# Many containers set this. Packages are installed uncompiled, so without the compiled files that
# the first process leaves, each process would compile what it imports again, torch for seconds.
unexport PYTHONDONTWRITEBYTECODE

BIN := $(VENV)/bin
SAMPLE := $(LOOKALIKE_HOME)/sample
READY := $(LOOKALIKE_HOME)/.sample-ready
# The data sets that the shipped model was trained on, beside the sample catalogue.
DATA ?= ../shared/data
MODEL_RUN ?= $(LOOKALIKE_HOME)/model-run
CHUNK ?= 128

.DELETE_ON_ERROR:
.PHONY: help install demo sample test lint unit bench kit model screenshots clean

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

install: $(VENV)/.installed ## only the virtual environment

demo: $(READY) ## install, draw the sample shop, embed and index it, and serve it
	@$(BIN)/lookalike serve --host $(HOST) --port $(PORT)

sample: $(READY) ## the same without serving

test: $(VENV)/.test-installed ## every check and every test, side by side
	@$(MAKE) --no-print-directory --jobs=2 lint unit

lint: $(VENV)/.test-installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

unit: $(VENV)/.test-installed
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

bench: $(READY) $(VENV)/.bench-installed ## one table of speed beside named alternatives (minutes)
	$(BIN)/python -m tests.benchmarks

# The tower by photos against titles, then triplets; then heads and texts on it. A killed run goes
# on where it was. CHUNK=384 is faster on a GPU of 32 GB or more.
model: $(VENV)/.installed ## train the shipped model again from DATA (minutes on a GPU, most of a day on two CPU cores)
	$(BIN)/lookalike sample $(MODEL_RUN)/sample --seed 1
	$(BIN)/lookalike train --data $(DATA)/fashion-product-images --data $(DATA)/clothing-dataset \
	  --data $(MODEL_RUN)/sample --shares 0.75,0.19,0.06 --out $(MODEL_RUN)/tower \
	  --encoder imagenet-lite1 --side 224 --use-side 256 --contrastive-steps 60 --steps 919 \
	  --batch-labels 96 --batch-photos 4 --batch-categories 16 --chunk $(CHUNK) --tower-lr 1.5e-4 \
	  --drop-path 0.2 --ema 0.998 --proxy-weight 0.4 --hard-ramp-from 1 --half-weights \
	  --facet shape=0.6 --facet colour=0.35 --facet pattern=0.05
	$(BIN)/lookalike train-heads --data $(DATA)/fashion-product-images \
	  --data $(DATA)/fashion-product-images-small --data $(MODEL_RUN)/sample \
	  --street $(DATA)/clothing-dataset --encoder local-dir:$(MODEL_RUN)/tower \
	  --out $(MODEL_RUN)/fashion-lite1 --half-weights
	$(BIN)/lookalike calibrate --data $(DATA)/fashion-product-images --photos $(DATA)/clothing-dataset \
	  --encoder local-dir:$(MODEL_RUN)/fashion-lite1

kit: ## build the panel's script from web/kit/src; needs npm
	cd web/kit && npm ci --no-audit --no-fund && npm test && npm run build

screenshots: $(READY) $(VENV)/.test-installed ## take the README's pictures again
	$(BIN)/python -m tests.web.screenshots $(LOOKALIKE_HOME) web/screenshots
	$(BIN)/python -m tests.web.kit.screenshots $(LOOKALIKE_HOME) web/screenshots

clean: ## remove the environment; keeps what LOOKALIKE_HOME holds
	rm -rf $(VENV) *.egg-info build dist

$(READY): $(VENV)/.installed
	$(BIN)/lookalike sample $(SAMPLE)
	$(BIN)/lookalike ingest $(SAMPLE)
	$(BIN)/lookalike reindex
	@touch $@

$(VENV)/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or later is needed; say which with: make PYTHON=python3.12"; exit 1; }
	@command -v c++ >/dev/null || \
	  { echo "A C++ compiler is needed to build annoy: apt install build-essential"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@echo "Installing; torch is large, so the first time takes some minutes."
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --progress-bar on --no-compile --editable .  # Python compiles what it imports
	@touch $@

$(VENV)/.bench-installed: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --editable '.[bench]'
	@touch $@

$(VENV)/.test-installed: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	@touch $@
