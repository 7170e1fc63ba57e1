#!/bin/bash
# Builds the container image of one of our programs, without any network:
#
#   kind/build-image.sh build/release/bin/rollout-gate example/rollout-gate:1.0 [MAX_BYTES]
#
# A program named without a folder is looked for on PATH. The image holds the program, the shared
# libraries that it links, the system's CA certificates (and with gate-drill the manifests that it
# plays) and nothing else; it runs as user 65532. Prints "IMAGE_ID SIZE_IN_BYTES". Fails without
# leaving the tag behind if the image is larger than MAX_BYTES.
set -euo pipefail
umask 022  # the image is read by another user

die() { echo "build-image: $*" >&2; exit 1; }

[ $# -ge 2 ] || die "usage: build-image.sh PROGRAM_BINARY TAG [MAX_BYTES]"
program=$1 tag=$2 max_bytes=${3:-0}
case $program in
  */*) ;;
  *) program=$(command -v "$program") || die "$1 is not on PATH; install it" ;;
esac
name=$(basename "$program")
here=$(dirname "${BASH_SOURCE[0]}")
dockerfile=$here/images/$name.Dockerfile
ca_bundle=/etc/ssl/certs/ca-certificates.crt
[ -x "$program" ] || die "$program is not an executable file; build it first"
[ -r "$dockerfile" ] || die "$dockerfile is missing: there is no image for a program named $name"
[ -r "$ca_bundle" ] || die "$ca_bundle is missing; install the package ca-certificates"

context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
rootfs=$context/rootfs
install -D -m 755 "$program" "$rootfs/usr/bin/$name"
install -D -m 644 "$ca_bundle" "$rootfs/$ca_bundle"
if [ "$name" = gate-drill ]; then
  for manifest in "$here"/scenario/*.yaml; do
    install -D -m 644 "$manifest" \
      "$rootfs/usr/share/rollout-gate/kind/scenario/$(basename "$manifest")"
  done
fi
# Lines of ldd: "libm.so.6 => /lib/.../libm.so.6 (0x...)", "/lib64/ld-linux... (0x...)", and
# "libx.so => not found". A static program has none.
libraries=$(ldd "$program" 2>/dev/null || true)
if grep -q 'not found' <<<"$libraries"; then
  die "$program links what is not installed here: $(grep 'not found' <<<"$libraries" | xargs)"
fi
while read -r library; do
  [ -z "$library" ] || install -D -m 755 "$library" "$rootfs/$library"
done < <(grep -o '/[^ ]*' <<<"$libraries" | grep -v '^/.*=>' || true)

docker build --quiet --tag "$tag" --file "$dockerfile" "$context" >"$context/log" 2>&1 ||
  die "docker build failed: $(cat "$context/log")"
read -r id bytes < <(docker image inspect --format '{{.Id}} {{.Size}}' "$tag")
if [ "$max_bytes" -gt 0 ] && [ "$bytes" -gt "$max_bytes" ]; then
  docker image rm "$tag" >/dev/null
  die "$tag would have $bytes bytes, more than the allowed $max_bytes"
fi
echo "$id $bytes"
