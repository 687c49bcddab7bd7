# Nothing runs: the base is known, and never unpacked.
FROM base AS files
COPY . /www/
FROM base
COPY --link app/data /lnk
COPY --from=files /www/app /www/latest
COPY --from=files /www/main.go /www/g* /srv/
WORKDIR /www/new/deep
