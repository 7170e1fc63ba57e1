#!/bin/bash
# Measures the watch: `rollout-gate serve` beside a real API server, in a kind cluster of its own that
# has CRDs but no rollout controller, with 10,000 Rollouts at rest. What their statuses say is written
# by the benchmark.
#   tests/bench/watch/run.sh [BIN_DIR]     needs: docker, kind, kubectl, python3
#   ROLLOUTS=10000  CHANGES=200  PER_SECOND=2  GATES=200
#   GOAL_RSS=150 (MiB)  GOAL_P99=250 (ms, from the change of a status to the stored notification)
#   ARGO_ROLLOUTS_MANIFEST, KIND_NODE_IMAGE   as for gate-drill
# Exit code 1 if a goal is missed, or a gate got no verdict.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bin=$(cd "${1:-$here/../../../build/release/bin}" && pwd)
for tool in docker kind kubectl python3; do
  command -v $tool >/dev/null || { echo "bench: $tool is not installed" >&2; exit 2; }
done
manifest=${ARGO_ROLLOUTS_MANIFEST:?"the release manifest of Argo Rollouts, for its CRDs"}
cluster=gate-bench-$$
dir=$(mktemp -d)
finish() {
  kill "${mock:-}" "${proxy:-}" "${gate:-}" 2>/dev/null || true
  kind delete cluster --name "$cluster" --kubeconfig "$dir/kubeconfig" >/dev/null 2>&1 || true
  rm -rf "$dir"
}
trap finish EXIT

# shellcheck source=tests/bench/instant-mc.sh
. "$here/../instant-mc.sh"
echo "$mc/slack/bench" >"$dir/slack-url"

kind create cluster --name "$cluster" ${KIND_NODE_IMAGE:+--image "$KIND_NODE_IMAGE"} --wait 60s \
  --kubeconfig "$dir/kubeconfig" >/dev/null 2>&1
export KUBECONFIG=$dir/kubeconfig
kubectl create namespace argo-rollouts >/dev/null
kubectl -n argo-rollouts apply --server-side -f "$manifest" >/dev/null
kubectl -n argo-rollouts scale deployment argo-rollouts --replicas 0 >/dev/null
kubectl apply --server-side -f "$here/../../../kind/override" >/dev/null
kubectl wait --for condition=Established --timeout 60s crd/rollouts.argoproj.io >/dev/null
kubectl create namespace bench >/dev/null
mkfifo "$dir/proxy-out"
kubectl proxy --port 0 --reject-methods= >"$dir/proxy-out" &
proxy=$!
exec 4<"$dir/proxy-out"
read -r line <&4 # Starting to serve on 127.0.0.1:PORT
api=127.0.0.1:${line##*:}

python3 "$here/bench.py" create "$api" "${ROLLOUTS:-10000}" "${CHANGES:-200}"

cat >"$dir/gate.yaml" <<YAML
environment: bench
mc: {url: "$mc", tokenFile: $dir/token, keyringFile: $dir/keyring.yaml}
serve: {listen: "127.0.0.1:0"}
watch: {lease: bench}
notify:
  playbookUrl: https://playbook.example/
  sinks: [{name: slack, slack: {urlFile: $dir/slack-url, channel: "#bench"}}]
YAML
# Starts the gate; sets gate and url.
start() {
  rm -f "$dir/gate-out" && mkfifo "$dir/gate-out"
  "$bin/rollout-gate" serve --config "$dir/gate.yaml" --kubeconfig "$KUBECONFIG" --print-ready \
    >"$dir/gate-out" 2>>"$dir/gate.log" &
  gate=$!
  exec 3<"$dir/gate-out"
  read -r line <&3
  cat <&3 >/dev/null & # the audit records
  url=${line#ready }
}
failed=0
start
python3 "$here/bench.py" settle "$api" "$url" "$gate" "first start" || failed=1
python3 "$here/bench.py" changes "$api" "${CHANGES:-200}" "${PER_SECOND:-2}" "${GOAL_P99:-250}" || failed=1
python3 "$here/bench.py" gates "$url" "${GATES:-200}" || failed=1
resident=$(($(awk '/^VmHWM/ {print $2}' "/proc/$gate/status") / 1024))
echo "resident memory      $resident MiB at most (goal: at most ${GOAL_RSS:-150})"
((resident <= ${GOAL_RSS:-150})) || failed=1
kill -TERM "$gate" && wait "$gate" || { echo "bench: the gate ended with $?" >&2; failed=1; }
start
python3 "$here/bench.py" settle "$api" "$url" "$gate" "restart" || failed=1
kill -TERM "$gate" && wait "$gate" || failed=1
if ((failed)); then
  grep -v '"level":"info"' "$dir/gate.log" | tail -n 20 >&2
  echo "goals missed"
  exit 1
fi
echo "goals met"
