# syntax=docker/dockerfile:1

# Builds the server. It holds no person and no app: make them with `lanyard user create` and
# `lanyard client create`. `lanyard demo` is not meant for containers: it listens on loopback only.

FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
# The cache mounts spare a later build the compilation of all dependencies.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --bin lanyard \
    && cp target/release/lanyard /usr/local/bin/lanyard

FROM debian:12-slim
# Certificate authorities, to tell apps on https of an end.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --no-create-home lanyard \
    && install --directory --owner=lanyard --group=lanyard --mode=0700 /data
COPY --from=build /usr/local/bin/lanyard /usr/local/bin/lanyard
COPY LICENSE-MIT LICENSE-APACHE /usr/share/doc/lanyard/

# The record and the master key. Lose neither.
VOLUME /data
ENV LANYARD__DATA=/data \
    LANYARD__SERVER__LISTEN=0.0.0.0:8080
EXPOSE 8080
USER lanyard
# A configuration file may be mounted here, as lanyard.toml.
WORKDIR /etc/lanyard
ENTRYPOINT ["lanyard"]
CMD ["serve"]
