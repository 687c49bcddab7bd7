#!/bin/sh
# Makes the certificates of the TLS tests: a CA, and a server "localhost" it signed.
set -eu
cd "$(dirname "$0")/tls"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 \
    -subj "/CN=kanipy test CA" -keyout ca.key -out ca.pem
openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
    -subj "/CN=localhost" -keyout server.key -out server.csr
printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\n' > server.ext
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial \
    -days 36500 -extfile server.ext -out server.pem
rm -f ca.key ca.srl server.csr server.ext
