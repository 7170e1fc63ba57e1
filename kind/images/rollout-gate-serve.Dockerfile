# Built by kind/build-image.sh, which stages the program and what it links under rootfs/.
FROM scratch
COPY rootfs/ /
USER 65532:65532
ENTRYPOINT ["/usr/bin/rollout-gate-serve"]
