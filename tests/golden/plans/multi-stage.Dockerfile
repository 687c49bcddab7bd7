# A compiled program: only its binary enters the image.
ARG BASE=base
FROM ${BASE} AS build
WORKDIR /src
COPY go.mod main.go ./
RUN go build -o /out/server .

FROM ${BASE}
RUN useradd app
COPY --from=build --chown=app:extra --chmod=755 /out/server /usr/local/bin/
USER app
WORKDIR /home/app
ENV PORT=8080
EXPOSE ${PORT}
ENTRYPOINT ["server"]
CMD ["--port", "8080"]
