#!/bin/bash
# Holds reports against the schemas of their formats: of made-up runs (green, failing, killed, empty,
# with hostile texts everywhere), and of the report folders that are given.
#   tests/reports/validate.sh PRESET [FOLDER...]
# Needs npm and Python 3 with venv.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
preset=${1:?PRESET}
shift
. tests/reports/peers.sh
need_npm ctrf@0.3.0
need_python compliance-trestle==5.2.0 jsonschema==4.26.0 junitparser==5.0.3

made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
"build/$preset/bin/sample-reports" "$made"
"$peers/python/bin/python" tests/reports/validate.py \
  --report-schema docs/report.schema.json \
  --ctrf-schema "$(ls "$peers"/node_modules/ctrf/dist/ctrf-schema-*.json)" \
  "$made"/* "$@"
