# crosscite: `make run` is all that is needed. Every target sets up what it needs, once.

HOST ?= 127.0.0.1
PORT ?= 8000
PYTHON ?= python3
export PYTHON

BIN = .venv/bin
GOLDEN = tests/golden
EVAL ?= evaluation
PEER ?= 0
# What the tests look at must be on this machine; nothing may look for it elsewhere.
OFFLINE = HF_HUB_OFFLINE=1 TRANSFORMERS_OFFLINE=1 CROSSCITE_REQUIRE_MODELS=1

.PHONY: help run test check eval baseline bench models index clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

run: index  ## Set up everything and serve the chat (HOST=127.0.0.1 PORT=8000)
	@exec $(BIN)/crosscite serve --host '$(HOST)' --port '$(PORT)'

test: .venv/ready-dev models  ## Run all tests, with the real models
	@$(BIN)/crosscite models fetch smollm2-135m
	@$(OFFLINE) $(BIN)/python -m pytest $(TESTS)

eval: index  ## Ask the golden questions; fail if answers got worse (reports go to EVAL=evaluation)
	@$(OFFLINE) $(BIN)/crosscite eval $(GOLDEN)/seeds.jsonl --output $(EVAL)/results.jsonl \
		--baseline $(GOLDEN)/baseline.jsonl --gates $(GOLDEN)/gates.toml --json $(EVAL)/report.json \
		--junit $(EVAL)/junit.xml --markdown $(EVAL)/report.md --html $(EVAL)/report.html

baseline: index  ## Ask the golden questions anew and make the result what later changes are compared with
	@$(OFFLINE) $(BIN)/crosscite eval $(GOLDEN)/seeds.jsonl --output $(GOLDEN)/baseline.jsonl

bench: index  ## Time the golden questions beside bare llama.cpp; make bench PEER=5 also asks LlamaIndex
	@mkdir -p $(EVAL)
	@if [ '$(PEER)' != 0 ]; then $(BIN)/python -m pip install -q -c constraints.txt -e '.[peer]'; fi
	@$(OFFLINE) $(BIN)/crosscite bench answers $(GOLDEN)/seeds.jsonl --peer $(PEER) --json $(EVAL)/bench.json

check: .venv/ready-dev  ## Lint, formatting, types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

models: .venv/ready  ## Fetch the models that are missing (CROSSCITE_MODELS moves them)
	@$(BIN)/crosscite models fetch

index: models  ## Bring the index over seeds/ up to date
	@$(BIN)/crosscite index seeds || [ $$? -eq 3 ]  # 3: done, but some files could not be read

clean:  ## Remove the environment and the index; uploaded files stay, models and the compiled wheel stay in the cache
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache crosscite.egg-info
	find index -mindepth 1 ! -name README.md ! -path 'index/uploads*' -delete

.venv/ready: pyproject.toml constraints.txt packaging/setup.sh $(wildcard packaging/*.cmake)
	@sh packaging/setup.sh
	@touch $@

.venv/ready-dev: .venv/ready
	@sh packaging/setup.sh dev
	@touch $@
