# What people and CI type. `make help` lists it.
# Needs make, Rust and Node; `make deps` sees to the rest.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# One profile for lint and tests, so that both share every artefact.
CI_PROFILE := ci
BENCHES := mesh vault start browser-upload roster lesson fleet-connections fleet-heartbeats
NAME ?= all

.PHONY: help deps ui run lint test bench matrix proto screenshots k8s-check

help: ## Lists the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

deps: ## Installs what running and testing need, and checks versions
	@scripts/deps.sh test

# Cargo does not know how: the binary holds whatever is in dist/ when it is compiled.
ui: ## Builds the web interface, which the binary serves
	@scripts/deps.sh ui
	@scripts/ui.sh build

# No more than building takes: no PostgreSQL, Python or browser.
run: ## Builds everything and starts a demonstration school (Ctrl-C stops it)
	@scripts/deps.sh run
	@scripts/ui.sh build
	cargo build --release --locked --package preau
	target/release/preau up --demo

lint: deps ## Format, clippy and types with warnings denied, banned crates, licences, sources
	cargo fmt --all --check
	cargo clippy --locked --profile $(CI_PROFILE) --workspace --all-targets -- -D warnings
	cargo deny --offline check bans licenses sources
	@scripts/ui.sh check
	npm run --silent --prefix tests/browser check

# The interface first, since the binary holds it; then the binary, with the tests'
# features, so that nothing is built twice: the integration tests and those with
# browsers start it and say so if it is missing.
test: deps ## Every test
	@scripts/ui.sh test
	cargo build --locked --profile $(CI_PROFILE) --workspace --bins --tests
	cargo test --locked --profile $(CI_PROFILE) --workspace
	npm test --silent --prefix tests/browser

bench: deps ## Benchmarks, into target/bench/<name>.json; NAME=<one of BENCHES> for one
	@scripts/bench.sh "$(NAME)" $(BENCHES)

# Not for CI: writes the pictures that README shows.
screenshots: deps ui ## Rewrites docs/screenshots from the running pages
	cargo build --locked --profile $(CI_PROFILE) --package preau
	npm run --silent --prefix tests/browser screenshots

# Not for CI: writes the page that a test compares.
matrix: ## Rewrites docs/api-matrix.txt from the contract
	cargo build --locked --profile $(CI_PROFILE) --package preau
	target/$(CI_PROFILE)/preau api matrix > docs/api-matrix.txt

proto: ## Rewrites the generated code from the .proto files
	cargo run --quiet --locked --profile $(CI_PROFILE) --package preau-proto-codegen

# Not part of the tests yet: its tools take some minutes to install, once, and Go.
k8s-check: ## Renders, validates and scans the Kubernetes manifests
	@scripts/k8s-check.sh
