# Built by kind/add-helm.sh: the gate as a service, and the helm that its fallback runs.
ARG BASE
FROM ${BASE}
COPY helm /usr/bin/helm
