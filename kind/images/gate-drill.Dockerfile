# Built by kind/build-image.sh, which stages the program, what it links and its manifests under
# rootfs/.
FROM scratch
COPY rootfs/ /
USER 65532:65532
ENTRYPOINT ["/usr/bin/gate-drill"]
