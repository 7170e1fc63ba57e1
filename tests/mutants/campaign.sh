#!/bin/bash
# Breaks the gate or the model of its surroundings on purpose, one way at a time, and demands that a
# campaign notices: that it breaks the invariant that the mutant names, and how many runs it took.
#
#   tests/mutants/campaign.sh [--seeds N] [NAME...]      default: 20000 runs at most, all mutants
#
# A mutant is campaign/NAME.patch beside this script; its first lines say what it breaks and which
# invariant that is:
#   # breaks: INVARIANT
# Everything happens in build/mutants-campaign, on a copy of the sources. The shrunk case of each
# mutant stays there as NAME/shrunk-RUN.yaml.
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$root/build/mutants-campaign
seeds=20000
names=()
noticed=0
missed=()

die() { echo "mutants: $*" >&2; exit 2; }
header() { sed -n "s/^# $2: //p" "$1"; }

while [ $# -gt 0 ]; do
  case $1 in
    --seeds) seeds=${2:?--seeds needs a number}; shift 2 ;;
    -*) die "unknown option $1" ;;
    *) names+=("$1"); shift ;;
  esac
done
if [ ${#names[@]} -eq 0 ]; then
  for patch in "$root"/tests/mutants/campaign/*.patch; do names+=("$(basename "$patch" .patch)"); done
fi

mkdir -p "$work/source"
# Only what changed is copied, so that an unchanged file is not compiled again. (A file that was
# deleted is listed until that is committed.)
(cd "$root" && git ls-files -z --cached --others --exclude-standard -- \
  CMakeLists.txt CMakePresets.json cmake gate mock-mc reports harness kind) |
  (cd "$root" && while IFS= read -r -d '' file; do [ ! -e "$file" ] || printf '%s\0' "$file"; done |
    xargs -0 cp --update --parents --target-directory="$work/source") ||
  die "cannot copy the sources"
cd "$work/source" || die "no $work/source"
# gate-drill looks for its manifests from where it is built.
build=$work/source/build/release
cmake --preset release -B "$build" -DBUILD_TESTING=OFF >"$work/configure.log" 2>&1 ||
  die "cannot configure; see build/mutants-campaign/configure.log"

for name in "${names[@]}"; do
  patch=$root/tests/mutants/campaign/$name.patch
  [ -f "$patch" ] || die "there is no mutant $name"
  patch --quiet -p1 <"$patch" || die "$name does not apply any more; adapt it to the code"
  cmake --build "$build" --target gate-drill >"$work/$name.build.log" 2>&1
  built=$?
  patch --quiet -p1 -R <"$patch" || die "$name cannot be taken back"
  [ $built -eq 0 ] || die "$name does not compile; see build/mutants-campaign/$name.build.log"
  rm -rf "${work:?}/$name"
  "$build/bin/gate-drill" campaign --seeds "$seeds" --seed 1 --most-failures 1 \
    --out "$work/$name" >"$work/$name.log" 2>&1
  # 1 is a broken invariant; anything else is no answer to the question.
  case $? in
    0) missed+=("$name: nothing broke in $seeds runs") ;;
    1)
      if grep -q "^failed: run [0-9]*: $(header "$patch" breaks):" "$work/$name.log"; then
        noticed=$((noticed + 1))
        echo "mutants: noticed: $name: $(sed -n 's/^failed: \(run [0-9]*: .*\)/\1/p' "$work/$name.log" | head -1)"
        cat "$work/$name"/shrunk-*.yaml
      else
        missed+=("$name: another invariant broke; see build/mutants-campaign/$name.log")
      fi
      ;;
    *) die "the campaign did not run for $name; see build/mutants-campaign/$name.log" ;;
  esac
done

for miss in "${missed[@]}"; do echo "mutants: MISSED: $miss"; done
echo "mutants: $noticed passed, ${#missed[@]} failed"
[ ${#missed[@]} -eq 0 ]
