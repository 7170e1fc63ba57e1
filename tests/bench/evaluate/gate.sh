#!/bin/sh
# The other yardstick: the script that a user would write instead. Same question, same signature.
#   gate.sh URL TOKEN_FILE PUBLIC_KEY.pem RELEASE ENVIRONMENT STAGE
set -eu
url=$1 token_file=$2 key=$3 release=$4 environment=$5 stage=$6
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
nonce=$(openssl rand -hex 18)
curl -sf --max-time 5 -H "Authorization: Bearer $(cat "$token_file")" \
  "$url/v1/evidence/$release?environment=$environment&stage=$stage&nonce=$nonce" >"$dir/answer" || exit 2
jq -r .payload "$dir/answer" | openssl base64 -d -A >"$dir/payload"
jq -r '.signatures[0].sig' "$dir/answer" | openssl base64 -d -A >"$dir/sig"
type=$(jq -r .payloadType "$dir/answer")
{ printf 'DSSEv1 %d %s %d ' "${#type}" "$type" "$(wc -c <"$dir/payload")"; cat "$dir/payload"; } >"$dir/pae"
openssl pkeyutl -verify -pubin -inkey "$key" -rawin -in "$dir/pae" -sigfile "$dir/sig" >/dev/null || exit 2
jq -e --arg r "$release" --arg e "$environment" --arg s "$stage" --arg n "$nonce" '
  any(.subject[]; .name == $r) and (.predicate | .environment == $e and .stage == $s and .nonce == $n
  and .evidenceOk and (.expiresAt | sub("\\.[0-9]+Z$"; "Z") | fromdateiso8601) > now)' "$dir/payload" >/dev/null || exit 1
