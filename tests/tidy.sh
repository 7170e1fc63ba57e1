#!/bin/bash
# clang-tidy on every source file, two at a time. A file is checked again only if the preprocessed
# text or the configuration changed since it was last found clean (build/tidy).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mkdir -p build/tidy
export database=build/tidy/database config
GATE_UNITY=OFF cmake --preset dev -B $database >/dev/null  # each file by itself
config=$(cat .clang-tidy tests/.clang-tidy)
check() {
  local file=$1 stamp command
  command=$(jq -r --arg f "$PWD/$file" '.[] | select(.file == $f) | .command' $database/compile_commands.json | head -1)
  [ -n "$command" ] || { echo "tidy: $file is compiled by no target" >&2; return 1; }
  command=$(sed -E 's/^[^ ]*ccache //; s/ -o [^ ]+ -c / -E -P /; s/ -M[DTF]+( [^ ]+)?//g' <<<"$command")
  stamp=build/tidy/$( (echo "$config"; eval "$command" 2>/dev/null) | sha256sum | cut -c1-40)
  [ -e "$stamp" ] && return 0
  clang-tidy-14 --quiet -p $database "$file" 2>/dev/null || { echo "tidy: $file" >&2; return 1; }
  touch "$stamp"
}
export -f check
git ls-files '*.cc' | xargs -P "$(nproc)" -I{} bash -c 'check {}'
