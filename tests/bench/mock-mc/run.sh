#!/bin/sh
# mock-mc against nginx, WireMock and Mountebank; see bench.py.
#   SECONDS_EACH=8  SOAK=600  PEERS=1 (WireMock and Mountebank too: needs java, mvn, node, npm)
set -eu
cd "$(dirname "$0")/../../.."

missing=
for package in nginx libnginx-mod-http-echo wrk python3; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
if [ -n "$missing" ]; then
  apt-get update -qq
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
fi
OUT=${OUT:-bench-mock-mc}
set -- --mock-mc "${MOCK_MC:-build/release/bin/mock-mc}" --seconds "${SECONDS_EACH:-8}" --soak "${SOAK:-0}" \
  --out "$OUT" "$@"
if [ -n "${PEERS:-}" ]; then
  # shellcheck source=tests/wire/peers.sh
  . tests/wire/peers.sh
  fetch_peers "${PEERS_FOLDER:-$OUT/peers}"
  set -- "$@" --wiremock "$peers/wiremock-standalone-$WIREMOCK.jar" --mountebank "$peers/mb/node_modules/.bin/mb"
fi
exec /usr/bin/python3 tests/bench/mock-mc/bench.py "$@"
