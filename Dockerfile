# Builds the program and a minimal image for it.
#
#   docker build -t xqueue .
#   docker run -p 127.0.0.1:8080:8080 -v xqueue-data:/var/lib/xqueue -e XQUEUE_AUTH_TOKEN=… xqueue
#
# It listens on all interfaces of the container, so it requires a token (docs/security.md) or XQUEUE_SERVER_INSECURE=true.

FROM swift:6.3-bookworm AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends libsqlite3-dev libhiredis-dev libmosquitto-dev librdkafka-dev \
        binutils python3 \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
# Packages are fetched again only when this file changes.
COPY Package.swift ./
RUN swift package resolve
COPY . .
RUN scripts/build-release \
    && install -D .build/release/xqueue /out/xqueue

# Debian 12's librdkafka is too old for many brokers (docs/kafka.md); the one in the Python package depends only on the C
# library.
FROM python:3.13-slim-bookworm AS librdkafka
RUN pip download --no-cache-dir --no-deps --dest /wheels confluent-kafka==2.16.1 \
    && python -m zipfile -e /wheels/*.whl /wheels \
    && install -D -m 644 /wheels/confluent_kafka.libs/librdkafka-*.so.1 /out/librdkafka.so.1

FROM debian:bookworm-slim
# curl is for the health check; tini is the init process that reaps orphans of exec handlers' programs.
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        ca-certificates curl libhiredis0.14 libmosquitto1 libsqlite3-0 libstdc++6 tini tzdata \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/xqueue --create-home xqueue
COPY --from=librdkafka /out/librdkafka.so.1 /usr/lib/librdkafka.so.1
COPY --from=build /out/xqueue /usr/local/bin/xqueue

# The server reads xqueue.yaml here, if present; without Redis, it keeps the tasks in xqueue-data/ here.
WORKDIR /var/lib/xqueue
VOLUME /var/lib/xqueue
USER xqueue
ENV XQUEUE_SERVER_HOST=0.0.0.0
EXPOSE 8080

# Disable it for nodes without an API (--no-http).
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 \
    CMD ["curl", "-fsS", "-o", "/dev/null", "http://localhost:8080/api/v1/health"]

ENTRYPOINT ["/usr/bin/tini", "--", "xqueue"]
CMD ["serve"]
