#!/bin/bash
# Looks at reports in headless Chromium: of made-up runs, and of the report folders that are given.
#   tests/reports/browser/run.sh PRESET [FOLDER...]
# Screenshots go to build/report-screenshots. Needs npm, and Debian's chromium.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
preset=${1:?PRESET}
shift
. tests/reports/peers.sh
need_npm playwright-core@1.65.1

made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
"build/$preset/bin/sample-reports" "$made"
mkdir -p build/report-screenshots
PEERS=$peers node tests/reports/browser/check.mjs "$(command -v chromium)" \
  build/report-screenshots "$made"/* "$@"
