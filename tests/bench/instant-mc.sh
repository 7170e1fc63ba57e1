# Sourced by the benchmarks: a mock-mc on loopback that answers every question with signed evidence,
# at once, and takes what is posted to /slack/. Wants $bin and $dir; leaves the token, mc-1.pem and
# keyring.yaml in $dir, and sets $mock (its process, to be ended by the caller) and $mc (its URL).
"$bin/mock-mc" keygen --algorithm ed25519 --id mc-1 --out-dir "$dir" >/dev/null
echo "not-a-real-token" >"$dir/token"
cat >"$dir/script.yaml" <<YAML
apiVersion: mock-mc/v1
keys: [{id: mc-1, algorithm: ed25519, privateKeyFile: mc-1.pem}]
rules:
  - {id: slack, match: {path: "/slack/**"}, record: true}
  - {id: all, key: [stage], evidence: {ok: true}}
YAML
mkfifo "$dir/mock-ready"
"$bin/mock-mc" serve "$dir/script.yaml" --listen 127.0.0.1:0 --admin 127.0.0.1:0 --print-ready \
  >"$dir/mock-ready" 2>"$dir/mock.log" &
mock=$!
read -r line <"$dir/mock-ready"
mc=http://$(sed -E 's/.*http=([^ ]+).*/\1/' <<<"$line")
