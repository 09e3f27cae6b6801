# Everything about Saldo on one machine. `make` alone lists it; docs/docker.md is the way with Docker.

PYTHON ?= python3
VENV := .venv/bin
# A file of tests is one process's, each with a PostgreSQL of its own.
PYTEST := $(VENV)/pytest -n auto --maxprocesses 4 --dist loadfile

# Ports and arguments reach the programs as environment variables: `make up AIRFLOW_PORT=9080`.
# $(value) leaves a dollar sign in them alone, as in ARGS='-c "select $$1"'.
override ARGS := $(value ARGS)
override SIE := $(value SIE)
export AIRFLOW_PORT SANDBOX_PORT WAREHOUSE_PORT ARGS SIE ORG CELL

.DEFAULT_GOAL := help
.PHONY: help up down status doctor explain psql warehouse clean test test-fast test-all lint docs powerbi pictures lock env environment

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

up: environment ## start everything, connect three made-up companies (or SIE=folder), show their figures
	@$(VENV)/python -m local up

down: ## end what `make up` started; the data stays
	$(if_it_lives_here)

status: ## the companies' table again
	$(if_it_lives_here)

explain: ## where a number comes from: make explain ORG=9000001 CELL=balance_sheet/cash_bank/2025-12
	$(if_it_lives_here)

psql: ## the warehouse as the reader: make psql ARGS='-c "select * from mart.dim_organization"'
	$(if_it_lives_here)

warehouse: ## the warehouse's address for any other program
	$(if_it_lives_here)

clean: ## make down, and remove all its state
	$(if_it_lives_here)

test: environment ## tests, beside a running `make up`, without network
	@$(PYTEST) -m "not slow"

test-fast: environment ## only those without database, Airflow or sandbox
	@$(PYTEST) -m "not database and not airflow and not slow" --ignore=tests/sandbox

test-all: environment ## all tests, the whole system and kills included
	@$(PYTEST)

lint: environment ## style, types, who may import whom, SQL
	@$(VENV)/ruff check .
	@$(VENV)/ruff format --check .
	@$(VENV)/mypy
	@$(VENV)/lint-imports
	@$(VENV)/sqlfluff lint include/sql

doctor: ## try the whole set-up out: make doctor ORG=9000001, or all companies
	$(if_it_lives_here)

docs: environment ## docs/marts.md anew, from what the files say of the marts
	@DOCS=write $(VENV)/pytest -q tests/warehouse/test_described.py -k handbook

powerbi: environment ## include/powerbi anew, from its sources
	@$(VENV)/python -m saldo.powerbi.project

pictures: environment ## docs/pictures anew, from the pages in Chromium
	@PICTURES=write $(VENV)/pytest -q tests/browser

lock: environment ## pin what requirements.in asks for, keeping the pins that still fit
	@$(VENV)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
		requirements.in --output-file requirements.txt

env: ## for Docker: write .env with new passwords and keys (docs/docker.md)
	@$(PYTHON) local/docker/write_env.py

environment:
	@command -v $(PYTHON) >/dev/null || { echo "Saldo needs Python 3.11 to 3.14: install it, or say where it is, like make up PYTHON=/usr/bin/python3.12."; exit 2; }
	@$(PYTHON) local/bootstrap.py

# Nothing is installed in order to find that there is nothing to end or to show.
define if_it_lives_here
@if [ -d .saldo ]; then \
	[ -x $(VENV)/python ] || $(PYTHON) local/bootstrap.py || exit; \
	exec $(VENV)/python -m local $@; \
else \
	echo "Saldo is not running here: make up starts it."; \
	case $@ in down|clean) ;; *) exit 1 ;; esac; \
fi
endef
