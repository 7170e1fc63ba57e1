#!/bin/bash
# Compares one gate decision (ask, verify, decide, audit line) as a whole process against mock-mc on
# loopback: rollout-gate, the same job in Go, and the curl | jq | openssl script. Prints wall time,
# peak resident memory and binary size, and checks the goals as ratios taken in this one run:
#   rollout-gate is no slower and no larger than Go, and several times faster than the script.
#   tests/bench/evaluate/run.sh [BIN_DIR]      needs: go, curl, jq, openssl, hyperfine
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bin=$(cd "${1:-$here/../../../build/release/bin}" && pwd)
for tool in go curl jq openssl hyperfine; do
  command -v $tool >/dev/null || { echo "bench: $tool is not installed" >&2; exit 2; }
done
dir=$(mktemp -d)
trap 'kill "${mock:-}" 2>/dev/null || true; rm -rf "$dir"' EXIT

(cd "$here/go" && CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$dir/evaluate-go" .)
# shellcheck source=tests/bench/instant-mc.sh
. "$here/../instant-mc.sh"
openssl pkey -in "$dir/mc-1.pem" -pubout -out "$dir/mc-1.pub"
cat >"$dir/gate.yaml" <<YAML
environment: bench
mc: {url: "http://127.0.0.1:0", tokenFile: $dir/token, keyringFile: $dir/keyring.yaml}
timing: {hold: 0s}
YAML

gate="$bin/rollout-gate evaluate --no-kube --config $dir/gate.yaml --mc-url $mc --release-id shop-1.5.0 --stage 20"
go="$dir/evaluate-go -url $mc -token-file $dir/token -key-file $dir/mc-1.pub -key-id mc-1 -release-id shop-1.5.0 -environment bench -stage 20"
script="$here/gate.sh $mc $dir/token $dir/mc-1.pub shop-1.5.0 bench 20"
for command in "$gate" "$go" "$script"; do
  $command >"$dir/out" 2>&1 || { echo "bench: failed: $command" >&2; cat "$dir/out" >&2; exit 1; }
done

hyperfine -N --style none --warmup 5 --runs "${RUNS:-100}" --export-json "$dir/times.json" \
  -n rollout-gate "$gate" -n go "$go" -n script "$script" >/dev/null 2>&1
peak() { # the median of five peaks, KiB
  for _ in 1 2 3 4 5; do /usr/bin/time -f %M -o "$dir/peak" "$@" >/dev/null 2>&1; cat "$dir/peak"; done | sort -n | sed -n 3p
}
# shellcheck disable=SC2086
gate_peak=$(peak $gate) go_peak=$(peak $go)
gate_size=$(stat -c %s "$bin/rollout-gate") go_size=$(stat -c %s "$dir/evaluate-go")
jq -r --argjson gp "$gate_peak" --argjson op "$go_peak" --argjson gs "$gate_size" --argjson os "$go_size" '
  def ms: . * 1e5 | round / 100;
  def mib: . / 1048576 * 100 | round / 100;
  (.results | map({(.command): .}) | add) as $r |
  ($r["rollout-gate"].median / $r.go.median) as $time | ($r.script.median / $r["rollout-gate"].median) as $script |
  "                 median ms   min ms   peak MiB   binary MB",
  "rollout-gate     \($r["rollout-gate"].median | ms)   \($r["rollout-gate"].min | ms)   \($gp * 1024 | mib)   \($gs / 1e4 | round / 100)",
  "Go               \($r.go.median | ms)   \($r.go.min | ms)   \($op * 1024 | mib)   \($os / 1e4 | round / 100)",
  "shell script     \($r.script.median | ms)   \($r.script.min | ms)",
  "",
  "rollout-gate / Go: time \($time * 100 | round / 100), memory \($gp / $op * 100 | round / 100), size \($gs / $os * 100 | round / 100); script / rollout-gate: \($script * 10 | round / 10)",
  (if $time <= 1 and $gp <= $op and $gs <= $os and $script >= 3 then "goals met" else "goals missed" end)
' "$dir/times.json" | tee "$dir/result"
grep -q '^goals met' "$dir/result"
