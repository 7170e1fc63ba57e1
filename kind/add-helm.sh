#!/bin/bash
# Makes an image of `rollout-gate serve` that can run `helm rollback` as its fallback, from one that
# cannot and the helm on PATH (a static program); no network needed:
#
#   kind/add-helm.sh example/rollout-gate-serve:1.0 example/rollout-gate-serve-helm:1.0
#
# Prints "IMAGE_ID SIZE_IN_BYTES".
set -euo pipefail

die() { echo "add-helm: $*" >&2; exit 1; }

[ $# -eq 2 ] || die "usage: add-helm.sh BASE_IMAGE TAG"
base=$1 tag=$2
helm=$(command -v helm) || die "helm is not on PATH"
here=$(dirname "${BASH_SOURCE[0]}")

context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
install -m 755 "$helm" "$context/helm"
docker build --quiet --tag "$tag" --build-arg "BASE=$base" \
  --file "$here/images/rollout-gate-serve-helm.Dockerfile" "$context" >"$context/log" 2>&1 ||
  die "docker build failed: $(cat "$context/log")"
docker image inspect --format '{{.Id}} {{.Size}}' "$tag"
