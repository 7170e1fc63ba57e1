#!/bin/bash
# Breaks the gate on purpose, one way at a time, and demands that it is noticed: for every mutant at
# least one unit test fails, and the drill that is there for it fails on a real cluster.
#
#   tests/mutants/run.sh [--no-drills]       with drills: needs Docker, kind and kubectl
#
# A mutant is NAME.patch beside this script; its first lines say what it breaks, which unit tests and
# which drill must notice:
#   # tests: REGEX of test names      # drill: GATE-nnn
# Everything happens in build/mutants, on a copy of the sources.
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$root/build/mutants
drills=yes
[ "${1:-}" = --no-drills ] && drills=no
noticed=0
missed=()

die() { echo "mutants: $*" >&2; exit 2; }
header() { sed -n "s/^# $2: //p" "$1"; }
miss() { missed+=("$1"); echo "mutants: MISSED: $1"; }

mkdir -p "$work/source"
# Only what changed is copied, so that an unchanged file is not compiled again.
(cd "$root" && git ls-files -z -- CMakeLists.txt CMakePresets.json cmake gate mock-mc reports harness tests) |
  (cd "$root" && xargs -0 cp --update --parents --target-directory="$work/source") || die "cannot copy the sources"
cd "$work/source" || die "no $work/source"
cmake --preset dev -B "$work/build" >"$work/configure.log" 2>&1 ||
  die "cannot configure; see build/mutants/configure.log"

unit_tests_notice() { # NAME PATCH
  cmake --build "$work/build" --target rollout-gate evidence_test decide_test evaluate_test \
    >"$work/$1.build.log" 2>&1 || die "$1 does not compile; see build/mutants/$1.build.log"
  ctest --test-dir "$work/build" -R "$(header "$2" tests)" --no-tests=error >"$work/$1.tests.log" 2>&1
  case $? in
    0) return 1 ;;
    *) grep -q 'tests failed' "$work/$1.tests.log" || die "$1: no test ran; see build/mutants/$1.tests.log" ;;
  esac
}

for patch in "$root"/tests/mutants/*.patch; do
  name=$(basename "$patch" .patch)
  patch --quiet -p1 <"$patch" || die "$name does not apply any more; adapt it to the code"
  if unit_tests_notice "$name" "$patch"; then
    noticed=$((noticed + 1))
    echo "mutants: noticed by unit tests: $name"
  else
    miss "$name, by unit tests"
  fi
  mkdir -p "$work/bin/$name" && cp "$work/build/bin/rollout-gate" "$work/bin/$name/"
  patch --quiet -p1 -R <"$patch" || die "$name cannot be taken back"
done

if [ $drills = yes ]; then
  drill=$root/build/release/bin/gate-drill
  [ -x "$drill" ] || die "build/release/bin/gate-drill is missing; run make build"
  cluster=gate-mutants-$$
  kind create cluster --name "$cluster" ${KIND_NODE_IMAGE:+--image "$KIND_NODE_IMAGE"} --wait 60s \
    --kubeconfig "$work/kubeconfig" >"$work/cluster.log" 2>&1 ||
    die "no cluster; see build/mutants/cluster.log"
  trap 'kind delete cluster --name "$cluster" --kubeconfig "$work/kubeconfig" >/dev/null 2>&1' EXIT
  for patch in "$root"/tests/mutants/*.patch; do
    name=$(basename "$patch" .patch)
    id=$(header "$patch" drill)
    image=rollout-gate:mutant-$name
    "$root/kind/build-image.sh" "$work/bin/$name/rollout-gate" "$image" >/dev/null || die "no image of $name"
    "$drill" run --backend kind --cluster "$cluster" --gate-image "$image" --only "$id" \
      --report "$work/$name.report" --scenarios "$root/scenarios" >"$work/$name.drill.log" 2>&1
    # 1 is a failed drill; anything else is no answer to the question.
    case $? in
      1) noticed=$((noticed + 1)); echo "mutants: noticed by $id: $name" ;;
      0) miss "$name, by $id" ;;
      *) die "$id did not run for $name; see build/mutants/$name.drill.log" ;;
    esac
    docker image rm "$image" >/dev/null
  done
fi

echo "mutants: $noticed passed, ${#missed[@]} failed"
[ ${#missed[@]} -eq 0 ]
