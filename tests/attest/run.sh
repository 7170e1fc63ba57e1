#!/bin/bash
# Signs and approves a report with gate-drill and has it verified by other implementations: sigstore for
# JavaScript, securesystemslib and sigstore for Python. Then each must refuse what was tampered with.
# Needs node and npm, python3 with venv, openssl; installs the packages below into build/attest.
#   usage: tests/attest/run.sh [PATH_OF_GATE_DRILL]
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
drill=$(realpath "${1:-$root/build/release/bin/gate-drill}")
peers=$root/build/attest

js_packages=(@sigstore/bundle@5.0.1 @sigstore/verify@4.1.3)
py_packages=(sigstore==4.5.1 securesystemslib==1.6.0)

install_peers() {
  mkdir -p "$peers"
  [ -f "$peers/package.json" ] || echo '{"private": true}' >"$peers/package.json"
  (cd "$peers" && npm install --silent --no-audit --no-fund --no-save "${js_packages[@]}")
  [ -x "$peers/py/bin/python" ] || python3 -m venv "$peers/py"
  "$peers/py/bin/pip" install --quiet --disable-pip-version-check "${py_packages[@]}"
  cp "$root/tests/attest/verify.mjs" "$peers/"  # imports are found beside the script
}

passed=0
failed=0
report() { # WHAT RESULT
  if [ "$2" = ok ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
  echo "$1: $2"
}

verify_js() { node "$peers/verify.mjs" "$@"; }
verify_py() { "$peers/py/bin/python" "$root/tests/attest/verify.py" "$@"; }

accepts() { # WHAT ARGUMENTS...
  local what=$1 peer
  shift
  for peer in verify_js verify_py; do
    if "$peer" "$@" >"$work/log" 2>&1; then report "$what, $peer accepts" ok; else
      cat "$work/log"
      report "$what, $peer accepts" FAILED
    fi
  done
}
refuses() { # WHAT ARGUMENTS...
  local what=$1 peer
  shift
  for peer in verify_js verify_py; do
    if "$peer" "$@" >"$work/log" 2>&1; then report "$what, $peer refuses" FAILED; else
      report "$what, $peer refuses" ok
    fi
  done
}

# Replaces a bundle's payload by one that says something else, or another part, with its signature as it was.
tamper() { # BUNDLE PART OUT
  node -e '
    const fs = require("fs");
    const [from, part, to] = process.argv.slice(1);
    const bundle = JSON.parse(fs.readFileSync(from));
    const envelope = bundle.dsseEnvelope;
    const flip = (text) => {
      const bytes = Buffer.from(text, "base64");
      bytes[bytes.length >> 1] ^= 1;
      return bytes.toString("base64");
    };
    if (part === "statement") {
      const statement = JSON.parse(Buffer.from(envelope.payload, "base64"));
      statement.predicate.result = "PASSED*";
      statement.predicate.verificationResult = "FAILED";
      envelope.payload = Buffer.from(JSON.stringify(statement)).toString("base64");
    }
    if (part === "payload") envelope.payload = flip(envelope.payload);
    if (part === "signature") envelope.signatures[0].sig = flip(envelope.signatures[0].sig);
    if (part === "type") envelope.payloadType = "application/vnd.in-toto+json2";
    fs.writeFileSync(to, JSON.stringify(bundle));' "$@"
}

check_report() { # ALGORITHM
  local algorithm=$1 dir=$work/report-$1 bundle approval type
  cp -r "$work/report" "$dir"
  for name in ci sam other; do
    "$drill" keygen --algorithm "$algorithm" --out "$work/$algorithm-$name" >"$work/log"
  done
  "$drill" sign "$dir" --key "$work/$algorithm-ci.key"
  "$drill" approve "$dir" --role sre --row REQ-DRY-RUN --key "$work/$algorithm-sam.key" \
    --report-key "$work/$algorithm-ci.pub" --comment "read it"
  bundle=$dir/report.sigstore.json
  approval=$(echo "$dir"/approval-sre-*.sigstore.json)
  type=https://in-toto.io/attestation/test-result/v0.1
  accepts "$algorithm report" "$bundle" "$work/$algorithm-ci.pub" "$type" \
    "$dir"/{report.json,report.md,junit.xml,journal.jsonl}
  accepts "$algorithm approval" "$approval" "$work/$algorithm-sam.pub" \
    https://slsa.dev/verification_summary/v1 "$dir/report.json"
  refuses "$algorithm report under another key" "$bundle" "$work/$algorithm-other.pub" "$type"
  refuses "$algorithm report as another predicate" "$bundle" "$work/$algorithm-ci.pub" \
    https://slsa.dev/verification_summary/v1
  for part in statement payload signature type; do
    tamper "$bundle" $part "$work/tampered.json"
    refuses "$algorithm report, $part tampered with" "$work/tampered.json" \
      "$work/$algorithm-ci.pub" "$type"
    tamper "$approval" $part "$work/tampered.json"
    refuses "$algorithm approval, $part tampered with" "$work/tampered.json" \
      "$work/$algorithm-sam.pub" https://slsa.dev/verification_summary/v1
  done
  printf ' ' >>"$dir/report.md"
  refuses "$algorithm report, a file tampered with" "$bundle" "$work/$algorithm-ci.pub" "$type" \
    "$dir/report.md"
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
install_peers
# A few scenarios are enough: the report is INCOMPLETE then, which is signed as such.
(cd "$root" && "$drill" run --only GATE-001,GATE-004 --report "$work/report") >"$work/run.log" ||
  [ -f "$work/report/report.json" ] || { cat "$work/run.log"; exit 1; }
for algorithm in ecdsa-p256 ed25519; do check_report $algorithm; done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
