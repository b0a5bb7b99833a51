# The one image of Préau, from this repository alone: the web interface, the binary that holds it, and where it runs.
#   docker build --tag preau:0.1.0 .
# Bases are pinned by tag; whoever publishes an image pins the digests of the day.

FROM node:24.11.1-trixie-slim AS ui
WORKDIR /src/services/gateway/ui
COPY services/gateway/ui/package.json services/gateway/ui/package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
# What the pages call is generated from the contract.
COPY proto/src/gen/descriptor_set.bin /src/proto/src/gen/
COPY services/gateway/ui ./
RUN npm run build

FROM rust:1.95.0-trixie AS binary
WORKDIR /src
COPY . .
COPY --from=ui /src/services/gateway/ui/dist services/gateway/ui/dist
# What was fetched and compiled outlives the layer, in the builder; the binary leaves the cache with cp.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --package preau \
    && cp target/release/preau /usr/local/bin/preau

# Not distroless: k8s/base/files copies its key with `install` (its manifest says why). Nothing here runs a shell.
FROM debian:13.2-slim
COPY --from=binary /usr/local/bin/preau /usr/local/bin/preau
COPY LICENSE /usr/share/doc/preau/LICENSE
# A user of no system's; by number, since Kubernetes can tell only of a number that it is not root's.
WORKDIR /var/lib/preau
RUN chown 65532:65532 /var/lib/preau && chmod 0700 /var/lib/preau
USER 65532:65532
EXPOSE 7443 8443
# checkov:skip=CKV_DOCKER_2:Kubernetes takes no health check from an image; its probes stand in k8s/
ENTRYPOINT ["/usr/local/bin/preau"]
CMD ["up", "--data-dir", "/var/lib/preau"]
