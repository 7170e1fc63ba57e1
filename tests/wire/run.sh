#!/bin/sh
# Puts every fault of mock-mc to curl, Go's net/http and Python's requests, and looks at the packets.
# With PEERS=1 other mock servers too, from the ordinary registries, one after the other.
# Writes wire-fidelity/results.json and tables.md. Needs root.
set -eu
cd "$(dirname "$0")/../.."

MOCK_MC=${MOCK_MC:-build/release/bin/mock-mc}
OUT=${OUT:-wire-fidelity}

need() {
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
  done
}
missing=
need curl iproute2 python3-requests
command -v go >/dev/null || need golang-go
if [ -n "$missing" ]; then
  apt-get update -qq
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
fi

set -- --mock-mc "$MOCK_MC" --out "$OUT" "$@"
if [ -n "${PEERS:-}" ]; then
  # Needs java, mvn, node, npm and go.
  # shellcheck source=tests/wire/peers.sh
  . tests/wire/peers.sh
  fetch_peers "${PEERS_FOLDER:-$OUT/peers}"
  set -- "$@" --wiremock "$peers/wiremock-standalone-$WIREMOCK.jar" \
    --mockserver "$peers/mockserver-netty-no-dependencies-$MOCKSERVER.jar" \
    --mountebank "$peers/mb/node_modules/.bin/mb" --toxiproxy "$peers/toxiproxy"
fi
exec /usr/bin/python3 tests/wire/fidelity.py "$@"
