# check=skip=SecretsUsedInArgOrEnv
# The product's own image: targets `executor`, `debug` and `warmer`. See docs/image.md.
# (What looks like a secret in the environment is the path of a file.)
ARG BUILDER_BASE=debian:bookworm-slim

FROM ${BUILDER_BASE} AS tools
COPY image/packages.txt /build/image/packages.txt
RUN apt-get update -q \
    && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
        $(cat /build/image/packages.txt) \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build

FROM tools AS packages
COPY pyproject.toml image/requirements.py /build/
RUN --mount=type=secret,id=ca --mount=type=secret,id=pip_index_url \
    if [ -s /run/secrets/ca ]; then export PIP_CERT=/run/secrets/ca; fi \
    && if [ -s /run/secrets/pip_index_url ]; \
        then PIP_INDEX_URL=$(cat /run/secrets/pip_index_url) && export PIP_INDEX_URL; fi \
    && python3 requirements.py pyproject.toml > requirements.txt \
    && python3 -m pip install --no-cache-dir --no-compile --disable-pip-version-check \
        --root-user-action=ignore --target=/packages --requirement=requirements.txt

FROM packages AS runtime
COPY image /build/image
RUN python3 -m image.assemble runtime /out /packages

FROM tools AS product
COPY image /build/image
COPY domain /source/domain
COPY application /source/application
COPY adapters /source/adapters
COPY entrypoints /source/entrypoints
RUN python3 -m image.assemble product /out /source

FROM tools AS shell
COPY image /build/image
RUN python3 -m image.assemble shell /out

FROM scratch AS contract
COPY --from=runtime /out/ /
COPY --from=product /out/ /
ENV HOME=/root \
    USER=root \
    PATH=/usr/local/bin:/kaniko \
    SSL_CERT_DIR=/kaniko/ssl/certs \
    DOCKER_CONFIG=/kaniko/.docker/ \
    DOCKER_CREDENTIAL_GCR_CONFIG=/kaniko/.config/gcloud/docker_credential_gcr_config.json
WORKDIR /workspace

FROM contract AS warmer
ENTRYPOINT ["/kaniko/warmer"]

FROM contract AS debug
COPY --from=shell /out/ /
ENV PATH=/usr/local/bin:/kaniko:/busybox
VOLUME /busybox
ENTRYPOINT ["/kaniko/executor"]

FROM contract AS executor
ENTRYPOINT ["/kaniko/executor"]
