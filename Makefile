# make run     everything, then the site on http://localhost:8000       make test    everything the tests need, then all of them
# make reset   forget the data of the demonstration city                make check   style, types, arrows, migrations, law

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help setup setup-dev requirements-run requirements-dev prepare run reset test test-long check setup-bench bench bench-full screens messages wanted

help:
	@sed -n '1,2s/^# //p' Makefile

# The environment. A set that is already installed is known by the digest of its requirements file.
.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed; set PYTHON=…"; exit 2; }
	@$(PYTHON) -m venv .venv || { echo "python3-venv is needed (Debian: apt-get install python3-venv)"; exit 2; }

requirements-run: .venv/bin/python
	@tools/install requirements.txt requirements-dev.txt requirements-bench.txt

requirements-dev: .venv/bin/python
	@tools/install requirements-dev.txt requirements-bench.txt

prepare:
	@$(BIN)/zhengtong assets
	@$(BIN)/zhengtong messages

setup:
	@$(MAKE) --no-print-directory requirements-run
	@$(MAKE) --no-print-directory prepare

setup-dev:
	@$(MAKE) --no-print-directory requirements-dev
	@$(MAKE) --no-print-directory prepare

messages: requirements-run
	@$(BIN)/zhengtong messages

run: setup
	@exec $(BIN)/zhengtong run --demo

reset:
	@$(BIN)/zhengtong reset --yes

# Nothing is installed here; what is missing is said, and the tests that need it are skipped and counted at the end.
wanted:
	@command -v chromium >/dev/null || echo "NOTE: no chromium (apt-get install chromium fonts-noto-cjk): no test in a browser"
	@command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || \
	  echo "NOTE: no PostgreSQL server programs (apt-get install postgresql): no test on PostgreSQL"
	@command -v pdffonts >/dev/null || echo "NOTE: no pdffonts (apt-get install poppler-utils): no test of fonts in documents"

test: setup-dev wanted
	@$(BIN)/pytest -n 2 --dist loadfile

test-long: setup-dev wanted
	@$(BIN)/pytest -n 2 --dist loadfile -m long

check: setup-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/zhengtong makemigrations --check --dry-run
	$(BIN)/zhengtong law check

setup-bench: .venv/bin/python
	@tools/install requirements-bench.txt
	@$(MAKE) --no-print-directory prepare

bench: setup-bench
	@$(BIN)/zhengtong bench

bench-full: setup-bench
	@$(BIN)/zhengtong bench --full

screens: setup-dev
	@ZHENGTONG_RENEW_SCREENS=1 $(BIN)/pytest -m journey
