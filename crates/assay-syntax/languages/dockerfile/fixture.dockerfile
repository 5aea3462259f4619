# syntax=docker/dockerfile:1
# Builds the archive service.
ARG RUST_VERSION=1.95
FROM --platform=$BUILDPLATFORM rust:${RUST_VERSION}-slim AS build
LABEL org.example.title="archive" \
      org.example.limit=60
ENV CARGO_HOME=/cargo \
    PATH="/cargo/bin:$PATH"
MAINTAINER archive@example.org
ENV LEGACY value
ENV NAME='single quoted'
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
WORKDIR /src
COPY --chown=1000:1000 Cargo.toml Cargo.lock ./
RUN --mount=type=cache,target=/cargo/registry \
    apt-get update && \
    # a comment between the lines
    apt-get install -y --no-install-recommends curl='7.*' && \
    rm -rf /var/lib/apt/lists/*
RUN <<EOF
set -e
cargo build --release
EOF
ADD https://example.org/data.tar.gz /data/
RUN ["strip", "/src/target/release/archive"]

FROM debian:12@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
ARG USER_ID
COPY --from=build /src/target/release/archive /usr/bin/
VOLUME ["/var/archive"]
VOLUME /tmp/cache
EXPOSE 8080/tcp 9090
USER archive:archive
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s CMD curl -f http://localhost:8080/ || exit 1
HEALTHCHECK NONE
ONBUILD RUN echo "built $USER_ID"
ENTRYPOINT ["/usr/bin/archive"]
CMD serve --port 8080
