# What people and CI type. `make help` lists it.
# `make run` needs make and Rust; the others Node too. `make deps` sees to the rest.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# One profile for lint and tests, so that both share every artefact.
CI_PROFILE := ci
BENCHES := mesh vault start
NAME ?= all

.PHONY: help deps run lint test bench matrix proto

help: ## Lists the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

deps: ## Installs what running and testing need, and checks versions
	@scripts/deps.sh test

# No more than building takes: no PostgreSQL, Python or Node.
run: ## Builds the binary and starts a demonstration school (Ctrl-C stops it)
	@scripts/deps.sh run
	cargo build --release --locked --package preau
	target/release/preau up --demo

lint: deps ## Format, clippy with warnings denied, banned crates, licences, sources
	cargo fmt --all --check
	cargo clippy --locked --profile $(CI_PROFILE) --workspace --all-targets -- -D warnings
	cargo deny --offline check bans licenses sources

# The binary first, with the tests' features, so that nothing is built twice;
# the integration tests start it and say so if it is missing.
test: deps ## Every test
	cargo build --locked --profile $(CI_PROFILE) --workspace --bins --tests
	cargo test --locked --profile $(CI_PROFILE) --workspace

bench: deps ## Benchmarks, into target/bench/<name>.json; NAME=mesh|vault|start for one
	@scripts/bench.sh "$(NAME)" $(BENCHES)

# Not for CI: writes the page that a test compares.
matrix: ## Rewrites docs/api-matrix.txt from the contract
	cargo build --locked --profile $(CI_PROFILE) --package preau
	target/$(CI_PROFILE)/preau api matrix > docs/api-matrix.txt

proto: ## Rewrites the generated code from the .proto files
	cargo run --quiet --locked --profile $(CI_PROFILE) --package preau-proto-codegen
