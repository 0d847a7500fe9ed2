# syntax=docker/dockerfile:1
#
#   docker build -t kubilitics .
#   docker run --read-only -v kubilitics:/data -p 127.0.0.1:8190:8190 \
#     -v ~/.kube/config:/kubeconfig:ro -e KUBECONFIG=/kubeconfig kubilitics
#
# The one line on standard output has the link to open. User 65532 must be able to read the kubeconfig, and the
# addresses in it must lead to the clusters from inside of the container too.

FROM node:20-bookworm-slim AS node

FROM rust:1.95-bookworm AS build
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=node /usr/local/lib/node_modules/npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/npm \
    --mount=type=cache,target=/target \
    npm_config_cache=/npm CARGO_TARGET_DIR=/target cargo xtask build

FROM debian:bookworm-slim
# Authorities for clusters and databases whose certificates are signed by public ones.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /src/dist/kubilitics /usr/local/bin/kubilitics
RUN install --directory --owner=65532 --group=65532 --mode=0700 /data
USER 65532:65532
VOLUME /data
EXPOSE 8190
# All interfaces of the container; which names of it are answered is a list of its own.
ENV KUBILITICS_ADDR=0.0.0.0:8190 \
    KUBILITICS_ALLOWED_HOSTS=localhost \
    KUBILITICS_DATA_DIR=/data \
    KUBILITICS_NO_OPEN=true
# bash speaks TCP: the image needs no client.
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8190 && printf 'GET /healthz HTTP/1.0\\r\\nHost: localhost:8190\\r\\n\\r\\n' >&3 && read -r line <&3 && [[ $line == *' 200 '* ]]"]
ENTRYPOINT ["/usr/local/bin/kubilitics"]
CMD ["serve"]
