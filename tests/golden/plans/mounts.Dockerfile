# Everything RUN may be shown, and where it comes from.
FROM base AS tools
WORKDIR /srv
FROM base
ARG where=cache
WORKDIR /work
RUN --mount=type=cache,target=/root/.$where,sharing=locked \
    --mount=source=app,target=app \
    --mount=from=tools,source=www,target=/www,rw \
    --mount=type=tmpfs,target=/tmp,size=64m \
    --mount=type=secret,id=token,env=TOKEN,required \
    --mount=type=secret,id=key,target=/etc/key,mode=0440,gid=5 \
    --mount=type=ssh \
    --network=none \
    true
