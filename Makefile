# What one does with this checkout; `make` alone lists it.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory

# The first of these that is Python 3.11 or newer with the venv module; `make PYTHON=/path/to/python …` decides otherwise.
PYTHON ?= $(firstword $(foreach name,python3.13 python3.12 python3.11 python3,$(if $(shell \
  $(name) -c 'import sys, venv, ensurepip; print(sys.version_info >= (3, 11) or "")' 2>/dev/null),$(name))))

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
STEP := .ci/step
# Two at a time: each has a control plane of its own. The law runs alone, because it prints what it counted.
PYTEST := $(BIN)/pytest -n 2 --dist loadfile
LAW := tests/adapters/test_drift_law.py
# Of `make soak`, each in a session of its own: one leaves no time for the other's tokens, which last an hour.
CHURN := tests/cluster/test_churn.py
IMAGE := tests/cluster/test_image.py
STARTED := $(shell date +%s)
ELAPSED = $$(($$(date +%s) - $(STARTED)))
# Every warning is an error: dead links and anchors, pages that no menu names, unknown languages.
SITE := $(BIN)/sphinx-build --fail-on-warning --keep-going --fresh-env --quiet docs build/docs

# A cluster is used only when it is named to make itself (`make demo KUBECONFIG=…`), never because a shell exports one.
ifneq ($(origin KUBECONFIG),command line)
unexport KUBECONFIG
endif
CLUSTER_FLAGS := $(if $(findstring command line,$(origin KUBECONFIG)),--kubeconfig '$(KUBECONFIG)')

UV_COMPILE = $(BIN)/uv pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes --no-strip-extras \
  --no-emit-index-url --custom-compile-command 'make lock' $(if $(UPGRADE),--upgrade) pyproject.toml

.PHONY: help
help: ## This list
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@ / { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

##@ See it

.PHONY: demo
demo: ## A control plane, a Git server, the operator and three Applications; KEEP=1 stays up, KUBECONFIG=… uses your cluster
	@$(STEP) 'Environment' $(MAKE) $(READY)
	@$(if $(CLUSTER_FLAGS),:,$(STEP) 'Control plane' $(BIN)/python -m devcluster build)
	@$(BIN)/python -m devcluster.demo $(if $(KEEP),--keep) $(CLUSTER_FLAGS)

.PHONY: setup
setup: $(READY) ## The environment that all targets share, with gitops-operator and kubectl-gitops in .venv/bin

##@ Check it

.PHONY: test
test: ## Everything: set-up, style, types, contracts, all tests (what .ci/run runs)
	@$(STEP) 'Environment' $(MAKE) $(READY)
	@$(STEP) 'Control plane, helm, kustomize, Prometheus' $(BIN)/python -m devcluster build --all
	@$(STEP) 'Ruff: rules' $(BIN)/ruff check
	@$(STEP) 'Ruff: format' $(BIN)/ruff format --check
	@$(STEP) 'Mypy' $(BIN)/mypy
	@$(STEP) 'Import contracts' $(BIN)/lint-imports
	@$(STEP) 'Documentation' $(SITE)
	@$(STEP) 'Tests: unit, line, architecture' $(PYTEST) tests/unit tests/line tests/architecture
	@$(STEP) 'Tests: the law of drift' $(BIN)/pytest -m 'not soak' $(LAW)
	@$(STEP) 'Tests: adapters, cluster' $(PYTEST) -m 'not soak' --ignore=$(LAW) tests/adapters tests/cluster
	@printf '\n== All of it passed in %d s\n' $(ELAPSED)

.PHONY: lint
lint: $(READY) ## Style, types and contracts only
	@$(STEP) 'Ruff: rules' $(BIN)/ruff check
	@$(STEP) 'Ruff: format' $(BIN)/ruff format --check
	@$(STEP) 'Mypy' $(BIN)/mypy
	@$(STEP) 'Import contracts' $(BIN)/lint-imports

.PHONY: docs
docs: $(READY) ## The documentation as a site: build/docs/index.html
	@$(STEP) 'Documentation' $(SITE)

.PHONY: unit
unit: $(READY) ## The tests that need no process: unit, line, architecture
	@$(STEP) 'Tests: unit, line, architecture' $(PYTEST) tests/unit tests/line tests/architecture

.PHONY: cluster
cluster: $(READY) ## The tests against real servers: adapters, cluster
	@$(STEP) 'Control plane, helm, kustomize, Prometheus' $(BIN)/python -m devcluster build --all
	@$(STEP) 'Tests: the law of drift' $(BIN)/pytest -m 'not soak' $(LAW)
	@$(STEP) 'Tests: adapters, cluster' $(PYTEST) -m 'not soak' --ignore=$(LAW) tests/adapters tests/cluster

.PHONY: soak
soak: $(READY) ## Fifty kills, long silences, an hour's churn in ten minutes, the image: an hour; CHURN_SEED=… repeats a churn
	@$(STEP) 'Control plane, helm, kustomize, Prometheus' $(BIN)/python -m devcluster build --all
	@$(STEP) 'Soak: the law of drift, kills, silences' $(BIN)/pytest -v -m soak --ignore=$(CHURN) --ignore=$(IMAGE) tests
	@$(STEP) 'Soak: the churn' $(BIN)/pytest -m soak $(CHURN)
	@$(STEP) 'Soak: the image' $(BIN)/pytest -m soak $(IMAGE)

.PHONY: bench
bench: $(READY) ## What we claim about speed and size, beside yardsticks: half an hour; `make bench ONLY="P1 P8"`
	@$(STEP) 'Control plane' $(BIN)/python -m devcluster build
	@$(BIN)/python -m benchmarks $(ONLY)

##@ Change it

.PHONY: format
format: $(READY) ## Format the code and mend what ruff can mend
	@$(BIN)/ruff check --fix-only --quiet
	@$(BIN)/ruff format

.PHONY: lock
lock: $(READY) ## Resolve the lock files anew from pyproject.toml; UPGRADE=1 takes newer versions
	@$(UV_COMPILE) --output-file requirements.lock
	@$(UV_COMPILE) --group dev --output-file requirements-dev.lock

.PHONY: chart
chart: $(READY) ## Make anew what is made from the chart or for it: deploy/, the tables of its README
	@$(BIN)/python -m devcluster.chart
	@$(BIN)/python -m devcluster.dashboard

.PHONY: clean
clean: ## Remove what was made in the checkout (the control plane's cache stays)
	@rm -rf $(VENV) build dist htmlcov .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment is made anew when the lock changed, so that it never holds more than the lock says.
$(READY): requirements-dev.lock
	@command -v git >/dev/null || { echo 'git is needed and was not found on the PATH.' >&2; exit 1; }
	@$(if $(PYTHON),:,echo 'Python 3.11 or newer with its venv module is needed (Debian, Ubuntu: apt install python3-venv). \
	  Tried python3.13, python3.12, python3.11 and python3; name another with: make PYTHON=/path/to/python' >&2; exit 1)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; %s is %s" % (sys.executable, sys.version))'
	@$(PYTHON) -c 'import venv, ensurepip' || { echo 'This Python has no venv module (Debian, Ubuntu: apt install python3-venv).' >&2; exit 1; }
	@echo "Installing $$(grep -c '^[a-z]' $<) packages from $< into $(VENV) with $$($(PYTHON) --version) (about a minute)"
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
