#!/bin/bash
# The simulator against a real controller: the drills played on both agree but for what
# divergences.yaml lists.
#
#   run-on-kind.sh          # plays them on kind first; kind/README.md says what that needs
#   run-on-kind.sh REPORT   # the report of a run on kind that has been played already; only what
#                           # differs is played again
#
# ARGO_ROLLOUTS_VERSION is the release to play on, v1.10.1 if not set. The last thing printed is the
# table of docs/fidelity.md.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
drill=build/release/bin/gate-drill
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

play_kind() { # REPORT [OPTIONS]
  "$drill" run --backend kind ${ARGO_ROLLOUTS_VERSION:+--argo-version "$ARGO_ROLLOUTS_VERSION"} \
    --jobs 3 --report "$@"
}
play_sim() { # SCENARIOS REPORT: tells only of what goes wrong
  "$drill" run --backend sim --argo-version "$version" --only "$1" --report "$2" >"$out/sim.log" ||
    { cat "$out/sim.log"; exit 1; }
}

real=${1:-$out/kind}
[ $# -gt 0 ] || play_kind "$real"
version=$(sed -n 's/.*"image": "[^"]*argo-rollouts:\(v[0-9.]*\)".*/\1/p' "$real/report.json" | head -n 1)
[ -n "$version" ] || { echo "$real/report.json names no release of Argo Rollouts" >&2; exit 3; }
both=$("$drill" list | awk '$3 ~ /sim/ && $3 ~ /kind/ {print $1}' | paste -sd, -)
play_sim "$both" "$out/sim"
# What only a real cluster can play has nothing to be held against.
"$drill" trace "$real" --out "$out/real" >/dev/null
for trace in "$out"/real/*; do
  [[ ,$both, == *,"$(basename "$trace" .jsonl)",* ]] || rm "$trace"
done

# compare SIM REAL: prints who agrees; fails unless all do.
compare() { "$drill" compare "$1" "$2" --divergences tests/fidelity/divergences.yaml "${@:3}"; }

if ! compare "$out/sim" "$out/real" | tee "$out/first"; then
  # Where the controller itself goes another way when it is asked again, a model cannot be blamed
  # for having gone one of them. A mistake of the model is there every time.
  differ=$(awk '$1 ~ /^[A-Z]+-[0-9]+$/ && $2 != "agree" {print $1}' "$out/first" | paste -sd, -)
  [ -n "$differ" ] || exit 1
  echo "playing again what differs between the simulator (A) and Argo Rollouts $version (B): $differ"
  play_sim "$differ" "$out/sim-again"
  play_kind "$out/kind-again" --only "$differ" >"$out/kind.log" || { cat "$out/kind.log"; exit 1; }
  compare "$out/sim-again" "$out/kind-again" ||
    { echo "they differ again: $differ" >&2; exit 1; }
  echo "the second time they agree: the controller varies there"
fi
compare "$out/sim" "$out/real" --markdown || true  # was judged above
