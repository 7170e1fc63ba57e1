# Built by kind/build-image.sh from the prometheus on PATH, which it stages with what it links under
# rootfs/.
FROM scratch
COPY rootfs/ /
USER 65532:65532
ENTRYPOINT ["/usr/bin/prometheus"]
