#!/bin/bash
# Checks the rules with promtool: their syntax, that every alert fires and stays silent as
# rules.test.yaml says, and the syntax of every query of the dashboard. Takes promtool and jq.
# (That the metrics exist is a unit test: tests/unit/service/monitoring_test.cc.)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

promtool check rules rules.yaml
promtool test rules rules.test.yaml

# A rule for every query, with what Grafana puts in place of its variables.
jq '{groups: [{name: "dashboard", rules: [
       [.panels[].targets[]?.expr] | to_entries[] |
       {record: "query:\(.key)", expr: (.value | gsub("\\$environment"; ".*"))}]}]}' \
  dashboard.json >"$work/dashboard.yaml"
promtool check rules "$work/dashboard.yaml"

for alert in $(sed -n 's/^ *- alert: //p' rules.yaml); do
  grep -q "alertname: $alert\$" rules.test.yaml || { echo "no test lets $alert fire"; exit 1; }
  grep -q "alertname: $alert, exp_alerts: \[\]" rules.test.yaml ||
    { echo "no test lets $alert stay silent"; exit 1; }
done
