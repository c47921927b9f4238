# syntax=docker/dockerfile:1

# Builds the server. It holds no person and no app: docs/installation.md says how to make them.
# `lanyard demo` is not meant for containers: it listens on loopback only.

FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
# The cache mounts spare a later build the compilation of all dependencies.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --bin lanyard \
    && cp target/release/lanyard /usr/local/bin/lanyard

FROM debian:12-slim
# Certificate authorities, to tell apps on https of an end; the newest there are.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --no-create-home lanyard \
    && install --directory --owner=lanyard --group=lanyard --mode=0700 /data
COPY --from=build /usr/local/bin/lanyard /usr/local/bin/lanyard
COPY LICENSE-MIT LICENSE-APACHE /usr/share/doc/lanyard/

# The record and the master key, unless they lie elsewhere. Lose neither.
VOLUME /data
ENV LANYARD__DATA=/data \
    LANYARD__SERVER__LISTEN=0.0.0.0:8080
EXPOSE 8080
USER 10001:10001
# A configuration file may be mounted here, as lanyard.toml.
WORKDIR /etc/lanyard
# The program asks itself: there is no other in the image that could.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["lanyard", "health"]
ENTRYPOINT ["lanyard"]
CMD ["serve"]
