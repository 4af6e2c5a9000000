# `make help` lists the targets.

SWIFT ?= swift
# Arguments that `make run` passes to `xqueue serve`, such as ARGS="--server-port 9000".
ARGS ?=
# What `make chaos` runs: rounds (default: all), the first one's seed (default: random), and minutes of faults (default: 10).
ROUND ?=
MINUTES ?=
# How many seeds `make simulate` runs. Without SEEDS and SEED it runs for a minute.
SEEDS ?=
# The seed of `make chaos`, or the only one of `make simulate`.
SEED ?=
FORMATTED := Package.swift Sources Tests Examples
RELEASE := .build/release/xqueue

.DEFAULT_GOAL := help
.PHONY: help run build release test simulate fuzz sanitize chaos test-chaos test-simulation test-bench test-without-traits lint format bench \
	example docs deb test-deb clean setup

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-19s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: release ## Build in release mode and start the server (ARGS="--server-port 9000")
	@exec $(RELEASE) serve $(ARGS)

build: setup ## Build in debug mode
	$(SWIFT) build

release: setup ## Build the program in release mode: stripped, with a static Swift runtime
	SWIFT="$(SWIFT)" scripts/build-release xqueue

test: ## Run all tests, then the examples
	scripts/setup tests
	scripts/test
	scripts/run-examples

simulate: setup ## Run a simulated cluster for a minute (SEEDS=10000, or SEED=17 to repeat one)
	SWIFT="$(SWIFT)" scripts/build-release xqueue-simulate
	@exec .build/release/xqueue-simulate $(ARGS) \
		$(if $(SEED),--seed $(SEED) --verbose,$(if $(SEEDS),--seeds $(SEEDS),--seeds 1000000 --seconds 60))

fuzz: ## Fuzz the readers of foreign bytes (TARGET="json time", SECONDS=10 or RUNS=100000 for each)
	SWIFT="$(SWIFT)" scripts/fuzz $(if $(RUNS),--runs $(RUNS),--seconds $(or $(SECONDS),10)) $(TARGET)

sanitize: ## Run the unit tests under ThreadSanitizer and AddressSanitizer (ARGS="thread" for one of them)
	@scripts/setup tests
	SWIFT="$(SWIFT)" scripts/sanitize $(ARGS)

test-bench: ## Run a short benchmark of the debug build and print its ratios to the floor
	scripts/test-bench

test-simulation: ## Run the simulated cluster of the debug build for a minute
	.build/debug/xqueue-simulate --seeds 1000000 --seconds 60

test-chaos: ## Run short rounds of chaos with fixed seeds against the debug build
	cd Tests/Chaos && python3 -B -m unittest discover
	XQUEUE_PROGRAM="$${XQUEUE_PROGRAM:-.build/debug/xqueue}" scripts/chaos --sabotage
	XQUEUE_PROGRAM="$${XQUEUE_PROGRAM:-.build/debug/xqueue}" scripts/chaos --ci

test-without-traits: ## Build and test the program without Redis, Kafka and MQTT
	@scripts/setup tests
	scripts/test-without-traits

lint: ## Check formatting, imports, quarantined tests and commit subjects
	$(SWIFT) format lint --strict --recursive --parallel $(wildcard $(FORMATTED))
	scripts/check-imports
	scripts/quarantine check
	scripts/check-commits

format: ## Format every file
	$(SWIFT) format format --in-place --recursive --parallel $(wildcard $(FORMATTED))

bench: release ## Measure performance on this machine (ARGS="--json")
	SWIFT="$(SWIFT)" scripts/build-release xqueue-bench
	@exec $(RELEASE)-bench $(ARGS)

chaos: release ## Break a real cluster and prove that it kept its promises (ROUND=, SEED=, MINUTES=)
	@scripts/setup tests
	SWIFT="$(SWIFT)" scripts/build-release XQueueChaosNode
	scripts/chaos $(ROUND) $(if $(SEED),--seed $(SEED)) $(if $(MINUTES),--minutes $(MINUTES))

docs: setup ## Build the library's documentation; warnings are errors
	scripts/make-docs

deb: release ## Build the Debian package into .build/deb
	@scripts/setup deb
	scripts/make-deb

test-deb: ## Install, use and remove a Debian package of the debug build
	@scripts/setup tests
	scripts/test-deb

example: setup ## Build and run the examples
	scripts/run-examples

clean: ## Remove build products
	rm -rf .build Examples/.build

setup:
	@scripts/setup
