#!/bin/bash
# kind/override on a real API server: what it lets people do and what it refuses, in a cluster of its
# own. The CEL of the custom resource and of the admission policy runs nowhere else.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
cluster=gate-override-$$
dir=$(mktemp -d)
trap 'kind delete cluster --name "$cluster" --kubeconfig "$dir/kubeconfig" >/dev/null 2>&1; rm -rf "$dir"' EXIT
kind create cluster --name "$cluster" ${KIND_NODE_IMAGE:+--image "$KIND_NODE_IMAGE"} --wait 60s \
  --kubeconfig "$dir/kubeconfig"
kubectl() { command kubectl --kubeconfig "$dir/kubeconfig" "$@"; }

kubectl apply -f kind/override >/dev/null
kubectl wait --for condition=Established --timeout 60s crd/gateoverrides.rollout-gate.io >/dev/null
kubectl create namespace shop >/dev/null
for person in ann bob; do
  kubectl -n shop create rolebinding "override-$person" --clusterrole rollout-gate-override \
    --user "$person" >/dev/null
done

failures=0
# override NAME ACTOR [sed expression...]: a good one, changed
override() {
  local name=$1 actor=$2
  shift 2
  sed "${@/#/-e}" -e '' <<YAML
apiVersion: rollout-gate.io/v1alpha1
kind: GateOverride
metadata:
  name: $name
  namespace: shop
  labels: {rollout-gate/rollout: demo}
spec:
  rollout: demo
  releaseId: shop-1.5.0
  stage: "20"
  podHash: abc123
  decision: approve
  actor: $actor
  reason: MC is down, INC-4711
  validForSeconds: 1800
YAML
}
# accepted WHAT COMMAND...
accepted() {
  local what=$1
  shift
  if "$@" >"$dir/out" 2>&1; then echo "ok       $what"; return; fi
  echo "FAILED   $what: refused: $(cat "$dir/out")"
  failures=$((failures + 1))
}
# refused WHAT PATTERN COMMAND...: and the answer says why
refused() {
  local what=$1 pattern=$2
  shift 2
  if "$@" >"$dir/out" 2>&1; then
    echo "FAILED   $what: accepted"
    failures=$((failures + 1))
  elif ! grep -qE "$pattern" "$dir/out"; then
    echo "FAILED   $what: refused for another reason: $(cat "$dir/out")"
    failures=$((failures + 1))
  else
    echo "ok       $what"
  fi
}
create() {  # USER NAME ACTOR [sed expression...]
  local user=$1
  shift
  override "$@" | kubectl --as "$user" create -f -
}

# A policy takes a moment to be in force.
for ((i = 0; i < 60; i++)); do
  create ann probe somebody-else >"$dir/out" 2>&1 || { grep -q must "$dir/out" && break; }
  kubectl -n shop delete gateoverride probe --ignore-not-found >/dev/null
  sleep 1
done

accepted "in one's own name" create ann good ann
refused "in another's name" "spec.actor must be ann" create ann forged bob
refused "without the Role" "forbidden" create eve mine eve
refused "without the label" "label rollout-gate/rollout" create ann unlabelled ann 's/^  labels:.*//'
refused "labelled for another Rollout" "label rollout-gate/rollout" \
  create ann mislabelled ann 's/rollout: demo}/rollout: other}/'
refused "a reason of 9 characters" "spec.reason" create ann short ann 's/reason:.*/reason: "123456789"/'
refused "a reason in two lines" "spec.reason" create ann lines ann 's/reason:.*/reason: "a reason\\nin two lines"/'
refused "without a reason" "spec.reason" create ann none ann '/reason:/d'
refused "for less than a minute" "validForSeconds" create ann brief ann 's/1800/59/'
refused "for more than a day" "validForSeconds" create ann long ann 's/1800/86401/'
accepted "for a day" create ann day ann 's/1800/86400/'
refused "another decision" "spec.decision" create ann maybe ann 's/decision: approve/decision: maybe/'
refused "a reject over a refusal" "overRefusal" \
  create ann over ann 's/decision: approve/decision: reject\n  overRefusal: true/'
accepted "an approval over a refusal" create ann knowing ann 's/decision: approve/decision: approve\n  overRefusal: true/'
refused "a change, by the administrator" "never changed" \
  kubectl -n shop patch gateoverride good --type merge -p '{"spec":{"stage":"50"}}'
refused "a change, by its author" "forbidden|never changed" \
  kubectl --as ann -n shop patch gateoverride good --type merge -p '{"spec":{"stage":"50"}}'
refused "taking the label away" "label rollout-gate/rollout" \
  kubectl -n shop label gateoverride good rollout-gate/rollout-
accepted "revoking a colleague's" kubectl --as bob -n shop delete gateoverride good

[[ $failures -eq 0 ]] || { echo "$failures failed"; exit 1; }
