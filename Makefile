# Everything that is run by hand or by CI. Each line that is printed is a step that passed.
#
#   make demo        sets up and plays the main job with real processes
#   make test        sets up and runs every test        make lint     what must hold before a change lands
#   make sim         the simulation alone: SEED=n replays one seed, BUG=name plants a bug that it must find
#   make app         builds the window and opens it
#   make screens     a picture of every screen, in target/screens            make pictures the few that the README shows
#   make package     window and command line as a Debian package            make deb      the relay as one
#   make attacks     each defence against a numbered attack: its tests as they are, and red without it: NUMBER=K05 for one
#   make bench       measurements                       make bench-ui what people wait for in the window
#   make fuzz        hostile bytes                      make soak     long runs
#   make mutants     changes of the code that no test notices
#
# The relay is built and tested apart from the rest, always: Cargo would otherwise unite the features of the two
# and give it an SQLite with encryption that nobody asked for.

MAKEFLAGS += --no-print-directory
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := test
.PHONY: setup setup-tests ui build app demo test lint notices sim attacks bench bench-ui fuzz mutants soak screens pictures package deb

step := tests/tools/step
comma := ,
target := $(abspath $(or $(CARGO_TARGET_DIR),target))
export TESSERA_RELAY_BIN ?= $(target)/debug/tessera-relay

setup:
	@tests/tools/setup

setup-tests:
	@tests/tools/setup tests

# The interface is inside the window's program, so it is made first. What is installed goes by the lock file.
ui := client/ui
$(ui)/node_modules/.package-lock.json: $(ui)/package-lock.json
	@$(step) "ui: packages" npm --prefix $(ui) ci --no-audit --no-fund --prefer-offline
	@touch $@

$(ui)/dist/index.html: $(ui)/node_modules/.package-lock.json $(shell find $(ui)/src $(ui)/*.html $(ui)/*.ts -type f)
	@$(step) "ui: build" npm --prefix $(ui) run --silent build

ui: setup $(ui)/dist/index.html

# Two selections of packages and no others: another one would unite other features and compile everything again.
rest := --workspace --exclude tessera-relay

build: ui
	@$(step) "build: relay" cargo build -p tessera-relay --all-targets
	@$(step) "build: everything else" cargo build $(rest) --all-targets

app: build
	@$(target)/debug/tessera-desktop

demo: build
	@$(target)/debug/tessera-demo $(target)/demo

# `cargo test` plays 40 seeds of the simulation and every planted bug; the thousand seeds come last.
# One test at a time: SQLCipher 4.20 shares unlocked counters between the stores of one process (its issue 598), and tests
# open many. The product opens one.
# Chance is the same each time here: other cases of the property tests are for 'make soak'.
test: same := env PROPTEST_RNG_SEED=1 TESSERA_CRASH_SEED=1
test: setup-tests build
	@$(step) "test: interface, types" npm --prefix $(ui) run --silent check
	@$(step) "test: interface, parts" npm --prefix $(ui) run --silent test -- --testTimeout=60000
	@$(step) "test: interface, in a browser" npm --prefix $(ui) run --silent browser
	@$(step) "test: relay" $(same) cargo test -p tessera-relay -- --show-output
	@$(step) "test: everything else" $(same) RUST_TEST_THREADS=1 cargo test $(rest) -- --show-output
	@$(step) "test: a second reader of the formats" node tests/format/read.mjs tests/golden/0.1.0/reviews.tessera
	@$(step) "test: a second calculation of rankings" node tests/demo/recompute-check.mjs $(target)/debug/tessera
	@$(step) "test: the window" tests/window/run $(target)/debug
	@$(target)/debug/sim | sed 's/^figure: /    /'

screens: setup-tests $(ui)/node_modules/.package-lock.json
	@npm --prefix $(ui) run --silent screens

# Those that the README shows, from invented data.
pictures := review-files queue-decide assignment-proposed ranking
pictures: setup-tests $(ui)/node_modules/.package-lock.json
	@npm --prefix $(ui) run --silent screens -- $(pictures)
	@for one in $(pictures); do cp $(ui)/../../target/screens/$$one-1280x800-en-light.png $(ui)/pictures/$$one.png; done

lint: ui
	@$(step) "lint: format" cargo fmt --all --check
	@$(step) "lint: clippy, relay" cargo clippy -p tessera-relay --all-targets -- -D warnings
	@$(step) "lint: clippy, everything else" cargo clippy $(rest) --all-targets -- -D warnings
	@$(step) "lint: tools" tests/tools/lint-tools
	@tools=$$(tests/tools/lint-tools); \
	$(step) "lint: dependencies" "$$tools/cargo-deny" check --hide-inclusion-graph bans licenses sources; \
	$(step) "lint: unused dependencies" "$$tools/cargo-machete" --skip-target-dir
	@$(step) "lint: attacks and their tests" node tests/attacks/run.mjs --names
	@$(step) "lint: third-party notices" node tests/tools/notices.mjs --check

notices:
	@node tests/tools/notices.mjs

sim: build
	@$(target)/debug/sim $(if $(SEED),--seed $(SEED)) $(if $(BUG),--bug $(BUG))

attacks: setup
	@node tests/attacks/run.mjs $(NUMBER)

# What ships is what is measured: both programs as releases, each built as it is shipped. BENCH_FULL=1 adds 5,000
# applications, WORKLOAD=DIR reads a written workload.
bench: build
	@$(step) "bench: relay as a release" cargo build --release -p tessera-relay
	@$(step) "bench: tessera as a release" cargo build --release -p tessera-cli
	@$(target)/debug/tessera-bench --programs $(target)/release --out $(target)/bench \
		$(if $(WORKLOAD),--workload $(WORKLOAD),--applications 100,1000$(if $(BENCH_FULL),$(comma)5000))

# What people wait for in the real window, on a programme of 5,000 and, for memory, on one whose readers have 30 dossiers; compiles
# the window once more, as a release that a test may drive.
bench-ui: measured := $(target)/measured
bench-ui: ui setup-tests build
	@$(step) "bench-ui: the window as a release" cargo build --profile measured $(rest) --bin tessera-desktop --bin tessera-bench --bin tessera
	@TESSERA_RELAY_BIN=$(target)/debug/tessera-relay $(measured)/tessera-bench --prepare --demo --applications 400,$(or $(APPLICATIONS),5000) --out $(target)/bench/ui
	@tests/window/run $(measured) --measure $(target)/bench/ui $(target)/bench 400 $(or $(APPLICATIONS),5000)

# Looks for bytes that a reader cannot bear, led by coverage: MINUTES for each target, or for TARGET alone.
fuzz: setup
	@tests/fuzz/run $(TARGET)

# Which changes of the code of keys, permission and guard no test notices: SHARD=1/8 tries an eighth of them, AREA=guard one part.
mutants: setup
	@tests/tools/mutants $(AREA)

# What 'make test' does with the same chance each time and in little, with other chance and at length: seeds of the
# simulation, and YEARS of them that last years; a disk that fails, at every moment; images of a disk whose power failed (IMAGES of each of three days), and ROUNDS of the property tests.
# CHANCE=n takes the same images again; a property test that fails says how to see the case again.
soak: chance := $(or $(CHANCE),$(shell echo $$RANDOM))
soak: images := env TESSERA_CRASH_IMAGES=$(or $(IMAGES),8000) TESSERA_CRASH_SEED=$(chance)
soak: build
	@$(target)/debug/sim --from 1001 --seeds $(or $(SEEDS),10000) | sed 's/^figure: /    /'
	@$(target)/debug/sim --years --seeds $(or $(YEARS),500) | sed 's/^figure: /    /'
	@$(step) "soak: a disk that fails at every moment, relay" env TESSERA_FAULTS=100000 cargo test -p tessera-relay \
		--test crash f04_ -- --show-output
	@$(step) "soak: a disk that fails at every moment, homes" env TESSERA_FAULTS=100000 cargo test $(rest) --test faults \
		-- --show-output
	@$(step) "soak: crash images, relay, CHANCE=$(chance)" $(images) cargo test -p tessera-relay --test crash -- --show-output
	@$(step) "soak: crash images, homes, CHANCE=$(chance)" $(images) RUST_TEST_THREADS=1 \
		cargo test $(rest) --test crash -- --show-output
	@for round in $$(seq $(or $(ROUNDS),3)); do $(step) "soak: property tests by chance, $$round" \
		env RUST_TEST_THREADS=1 PROPTEST_CASES=1000 cargo test $(rest) --lib --test attacks --test merging \
		--test protocol --test assignment --test selection; done

# The same selection and features as always, once more as releases.
package: ui
	@$(step) "package: build and look" client/desktop/packaging/build-deb

deb:
	@$(step) "deb: build and look" server/packaging/build-deb
