# The front door. Everything else is CMake presets: cmake --workflow --preset dev|asan|tsan|release.
# All is built at once, so files of a target are compiled together: less than half the time. Who changes
# files and builds again is better off with GATE_UNITY=OFF.
export GATE_UNITY ?= ON
BACKEND ?= sim
DRILL_ARGS ?=
PACKAGES := g++ cmake ninja-build pkg-config ccache libgtest-dev libgmock-dev libcpp-httplib-dev \
  nlohmann-json3-dev libboost1.74-dev libboost-context1.74-dev libboost-filesystem1.74-dev libyaml-cpp-dev libcli11-dev \
  libfmt-dev libssl-dev libsqlite3-dev libmimalloc-dev prometheus-cpp-dev libvalijson-dev ca-certificates
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

.PHONY: help setup build test drill prometheus attest-verify mutants bench monitoring check check-format \
  check-tools report-formats report-browser report-samples report-bench wire-fidelity \
  bench-mock-mc bench-watch format clean

help:
	@echo "make setup    install the packages that the build needs (Debian 12; asks for root)"
	@echo "make build    build/release/bin/{rollout-gate,rollout-gate-*,mock-mc,gate-drill}"
	@echo "make test     build and run all tests that need no cluster"
	@echo "make drill    play the scenarios, simulated, and write drill-report/ (BACKEND=kind: on a real"
	@echo "              cluster; needs Docker, kind, kubectl, helm)"
	@echo "make attest-verify  have signed reports verified by other implementations (needs node, python3)"
	@echo "make mutants  break the gate on purpose; every break must be noticed"
	@echo "make bench    compare rollout-gate evaluate with the same job in Go and in shell; load the service"
	@echo "make bench-watch  the service beside 10,000 Rollouts in a kind cluster of its own"
	@echo "make monitoring  check alert rules and dashboard with promtool"
	@echo "make report-formats, report-browser   hold reports against the schemas of their formats; look at"
	@echo "              them in a browser (need npm and Python; the latter installs chromium)"
	@echo "make wire-fidelity   what curl, Go and Python see of each fault of mock-mc (root; PEERS=1: and of"
	@echo "              other mock servers; needs java, mvn, node, npm, go)"
	@echo "make bench-mock-mc   mock-mc beside nginx (PEERS=1: and WireMock, Mountebank; SOAK=600)"
	@echo "make check    formatting and clang-tidy (make check-format: only the former)"
	@echo "make clean    remove build/ and drill-report/"

# Only asks for root, and for the network, when something is missing.
setup:
	@missing=$$(for p in $(PACKAGES); do \
	  dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done); \
	if [ -n "$$missing" ]; then \
	  echo "installing" $$missing; \
	  $(SUDO) apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -y -qq --no-install-recommends $$missing; \
	fi

build: setup
	cmake --preset release
	cmake --build --preset release --target rollout-gate rollout-gate-lint rollout-gate-override \
	  rollout-gate-serve mock-mc gate-drill

test: setup
	cmake --workflow --preset dev

drill: build $(if $(filter kind,$(BACKEND)),prometheus)
	build/release/bin/gate-drill run --backend $(BACKEND) --history drill-history.sqlite $(DRILL_ARGS)

clean:
	rm -rf build drill-report

attest-verify: build
	tests/attest/run.sh

mutants: build
	tests/mutants/run.sh

bench: build
	tests/bench/evaluate/run.sh
	tests/bench/serve/run.sh

# Makes a kind cluster of its own.
bench-watch: build
	tests/bench/watch/run.sh

# Debian starts the Prometheus that it installs; only its programs are wanted.
prometheus:
	@$(MAKE) --no-print-directory setup PACKAGES="prometheus jq"

monitoring: prometheus
	kind/monitoring/check.sh

# Folders of reports that are looked at, too.
REPORTS ?=

report-samples: setup
	cmake --preset release
	cmake --build --preset release --target sample-reports reports-bench

report-formats: report-samples
	tests/reports/validate.sh release $(REPORTS)

report-browser: report-samples
	@$(MAKE) --no-print-directory setup PACKAGES="$(PACKAGES) chromium fonts-dejavu-core"
	tests/reports/browser/run.sh release $(REPORTS)

report-bench: report-samples
	build/release/bin/reports-bench 10000

wire-fidelity: build
	tests/wire/run.sh

bench-mock-mc: build
	tests/bench/mock-mc/run.sh

# clang-format and clang-tidy are installed for these targets only.
check-tools:
	@$(MAKE) --no-print-directory setup PACKAGES="$(PACKAGES) clang-format-14 clang-tidy-14 jq"

check-format: check-tools
	git ls-files '*.cc' '*.h' | xargs clang-format-14 --dry-run --Werror

check: check-format
	tests/tidy.sh

format: check-tools
	git ls-files '*.cc' '*.h' | xargs clang-format-14 -i
