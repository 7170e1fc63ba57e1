#!/bin/bash
# Measures the verdict endpoint: `rollout-gate serve` over loopback, with mock-mc answering at once,
# and the load generator on the same machine. Every question is about another release, so that every
# verdict costs a request to MC, a verified signature, and a sealed audit record.
#   tests/bench/serve/run.sh [BIN_DIR]      needs: wrk, curl
#   SECONDS_EACH=10  CONNECTIONS=32  GOAL=3000 (verdicts/s)  GOAL_P99=25 (ms)
# Exit code 1 if a goal is missed, a request failed, or a verdict was no pass.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bin=$(cd "${1:-$here/../../../build/release/bin}" && pwd)
seconds=${SECONDS_EACH:-10} connections=${CONNECTIONS:-32} goal=${GOAL:-3000} goal_p99=${GOAL_P99:-25}
for tool in wrk curl; do
  command -v $tool >/dev/null || { echo "bench: $tool is not installed" >&2; exit 2; }
done
dir=$(mktemp -d)
trap 'kill "${mock:-}" "${gate:-}" 2>/dev/null || true; rm -rf "$dir"' EXIT

# shellcheck source=tests/bench/instant-mc.sh
. "$here/../instant-mc.sh"
mkfifo "$dir/gate-out"

cat >"$dir/gate.yaml" <<YAML
environment: bench
mc: {url: "$mc", tokenFile: $dir/token, keyringFile: $dir/keyring.yaml}
serve: {listen: "127.0.0.1:0"}
YAML
"$bin/rollout-gate" serve --no-kube --config "$dir/gate.yaml" --print-ready \
  >"$dir/gate-out" 2>/dev/null &
gate=$!
exec 3<"$dir/gate-out"
read -r line <&3
cat <&3 >/dev/null & # the audit records
url=${line#ready }

resident() { awk '/^VmRSS/ {print $2}' "/proc/$gate/status"; }
passes() { curl -sf "$url/metrics" | awk '/^rollout_gate_pass_total/ {print $2}'; }
cpu() { awk '{print $14 + $15}' "/proc/$1/stat"; } # in ticks
load() { wrk -t1 -c"$connections" -d"${1}s" --timeout 10s -s "$here/questions.lua" "$url" | grep ^result; }

wrk -t1 -c"$connections" -d3s "$mc/v1/evidence/x?environment=bench&stage=20&nonce=0123456789abcdef" \
  >"$dir/mc-alone"
load 2 >/dev/null # warms up
start=$(resident) before=$(passes) gate_cpu=$(cpu $gate) mock_cpu=$(cpu $mock)
read -r _ requests p50 p99 longest errors <<<"$(load "$seconds")"
end=$(resident) passed=$(($(passes) - before))
tick=$(getconf CLK_TCK)
gate_cpu=$((($(cpu $gate) - gate_cpu) * 1000000 / tick / requests))
mock_cpu=$((($(cpu $mock) - mock_cpu) * 1000000 / tick / requests))
rate=$((requests / seconds))
echo "verdicts/s        $rate  ($connections connections, $seconds s)"
echo "latency           p50 $p50 ms, p99 $p99 ms, longest $longest ms"
echo "failed            $errors requests; $((requests - passed > 0 ? requests - passed : 0)) verdicts were no pass"
echo "resident memory   $start KiB at the start, $end KiB at the end"
echo "CPU per verdict   gate $gate_cpu us, mock-mc $mock_cpu us"
echo "mock-mc alone     $(awk '/^Requests\/sec/ {print int($2)}' "$dir/mc-alone") answers/s, the most there could be"
kill -TERM $gate && wait $gate || { echo "bench: the gate ended with $?" >&2; exit 1; }
if ((rate >= goal && errors == 0 && passed >= requests)) && awk "BEGIN {exit !($p99 <= $goal_p99)}"; then
  echo "goals met"
else
  echo "goals missed" && exit 1
fi
