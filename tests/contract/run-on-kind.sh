#!/bin/bash
# The contract of KubeApi on a real API server: a cluster of its own, with Argo Rollouts' CRDs
# and kind/override.
# ARGO_ROLLOUTS_MANIFEST names a local manifest for sites without a network.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
cluster=gate-contract-$$
dir=$(mktemp -d)
trap 'kind delete cluster --name "$cluster" --kubeconfig "$dir/kubeconfig" >/dev/null 2>&1; rm -rf "$dir"' EXIT
cmake --preset dev
cmake --build --preset dev --target kube_rest_contract_test
kind create cluster --name "$cluster" ${KIND_NODE_IMAGE:+--image "$KIND_NODE_IMAGE"} --wait 60s \
  --kubeconfig "$dir/kubeconfig"
manifest=${ARGO_ROLLOUTS_MANIFEST:-https://github.com/argoproj/argo-rollouts/releases/download/v1.10.1/install.yaml}
kubectl --kubeconfig "$dir/kubeconfig" create namespace argo-rollouts
kubectl --kubeconfig "$dir/kubeconfig" apply -n argo-rollouts --server-side -f "$manifest" >/dev/null
kubectl --kubeconfig "$dir/kubeconfig" apply -f kind/override >/dev/null
kubectl --kubeconfig "$dir/kubeconfig" wait --for condition=Established --timeout 60s \
  crd/gateoverrides.rollout-gate.io >/dev/null
GATE_TEST_KUBECONFIG=$dir/kubeconfig ctest --test-dir build/dev -L kind --no-tests=error --output-on-failure
