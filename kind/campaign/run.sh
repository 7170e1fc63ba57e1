#!/bin/bash
# Plays a campaign as a Kubernetes Indexed Job and adds up what came of its shards:
#
#   kind/campaign/run.sh [--seeds N] [--seed S] [--shards N] [--parallelism N] [--out DIR]
#                        [--bin DIR] [--cluster NAME] [--timeout SECONDS]
#
# Creates a kind cluster and deletes it at the end, whatever happens; with --cluster an existing kind
# cluster is used, and only the namespace is deleted. The image is built from gate-drill in --bin
# (build/release/bin by default), without any network. --out (campaign-result by default) gets the log
# and the result of each shard, and the shrunk scenarios of failures. Exit codes are those of
# `gate-drill campaign --merge`; 2 also if a shard gave no result, or the cluster is not to be had.
#
# KIND_NODE_IMAGE names the node image of the cluster, where kind's default is not to be had.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
seeds=10000 seed=1 shards=4 parallelism='' out=campaign-result bin=$root/build/release/bin
cluster='' timeout=3600

die() { echo "campaign: $*" >&2; exit 2; }
say() { echo "campaign: $*"; }

number() { [[ $2 =~ ^[1-9][0-9]{0,17}$ ]] || die "$1: \"$2\": expected a positive number"; }

while [ $# -gt 0 ]; do
  [ $# -ge 2 ] || die "$1 needs a value, or is not known here; see the head of this script"
  case $1 in
    --seeds) number "$1" "$2"; seeds=$2 ;;
    --seed) number "$1" "$2"; seed=$2 ;;
    --shards) number "$1" "$2"; shards=$2 ;;
    --parallelism) number "$1" "$2"; parallelism=$2 ;;
    --timeout) number "$1" "$2"; timeout=$2 ;;
    --out) out=$2 ;;
    --bin) bin=$2 ;;
    --cluster) cluster=$2 ;;
    *) die "unknown option $1" ;;
  esac
  shift 2
done
parallelism=${parallelism:-$shards}
for tool in docker kind kubectl; do
  command -v "$tool" >/dev/null || die "$tool is not on PATH"
done
[ -x "$bin/gate-drill" ] || die "$bin/gate-drill is missing; build it first"

work=$(mktemp -d)
export KUBECONFIG=$work/kubeconfig # never the user's own
id=$(od -An -N4 -tx4 /dev/urandom | tr -d ' ')
ns=campaign-$id
image=gate-drill/gate-drill:$id
created=''

clean_up() {
  trap - EXIT
  if [ -n "$created" ]; then
    kind delete cluster --name "$created" >/dev/null 2>&1 || say "cluster $created is left behind"
  elif [ -s "$KUBECONFIG" ]; then
    kubectl delete namespace "$ns" --ignore-not-found --wait=false >/dev/null || true
  fi
  docker image rm "$image" >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 2' INT TERM HUP

if [ -z "$cluster" ]; then
  cluster=campaign-$id
  created=$cluster
  say "creating cluster $cluster"
  kind create cluster --name "$cluster" ${KIND_NODE_IMAGE:+--image "$KIND_NODE_IMAGE"} --wait 120s \
    >"$work/kind.log" 2>&1 || die "kind cannot create a cluster: $(tail -5 "$work/kind.log")"
else
  kind get kubeconfig --name "$cluster" >"$KUBECONFIG" || die "there is no kind cluster $cluster"
fi

say "building and loading the image"
"$root/kind/build-image.sh" "$bin/gate-drill" "$image" >/dev/null
kind load docker-image "$image" --name "$cluster" >"$work/load.log" 2>&1 ||
  die "cannot load the image: $(tail -5 "$work/load.log")"

say "playing $seeds runs of campaign $seed in $shards shards, $parallelism at a time"
kubectl create namespace "$ns" >/dev/null
kubectl label namespace "$ns" pod-security.kubernetes.io/enforce=restricted >/dev/null
start=$SECONDS
sed -e "s|\${IMAGE}|$image|; s|\${RUNS}|$seeds|; s|\${SEED}|$seed|; s|\${SHARDS}|$shards|" \
  -e "s|\${PARALLELISM}|$parallelism|" "$here/job.yaml" | kubectl apply -n "$ns" -f - >/dev/null

# Complete or Failed: what a failed shard has found is in its log.
ended=''
until [ -n "$ended" ]; do
  [ $((SECONDS - start)) -lt "$timeout" ] || die "not over after $timeout s: $(
    kubectl get pods -n "$ns" --no-headers 2>&1 | head -20)"
  ended=$(kubectl get job campaign -n "$ns" \
    -o jsonpath='{.status.conditions[?(@.status=="True")].type}' | grep -oE 'Complete|Failed' || true)
  [ -n "$ended" ] || sleep 1
done
say "the Job is $ended after $((SECONDS - start)) s"

# The last pod of each index is the one that counts.
rm -rf "${out:?}"/shard-*
folders=()
for ((i = 0; i < shards; ++i)); do
  pod=$(kubectl get pods -n "$ns" -l "batch.kubernetes.io/job-completion-index=$i" \
    --sort-by=.metadata.creationTimestamp -o name | tail -1)
  [ -n "$pod" ] || die "shard $i has no pod"
  folder=$out/shard-$i
  mkdir -p "$folder"
  kubectl logs -n "$ns" "$pod" >"$folder/log" || die "shard $i: its log cannot be read"
  tail -1 "$folder/log" >"$folder/campaign.json"
  [[ $(head -c 1 "$folder/campaign.json") == '{' ]] ||
    die "shard $i gave no result; the end of its log: $(tail -3 "$folder/log")"
  folders+=("$folder")
done
"$bin/gate-drill" campaign --merge "${folders[@]}" --out "$out"
