#!/bin/sh
# Build examples/hello with nothing but Debian's busybox: no registry, no docker.
#
# Usage: examples/make_demo.sh BIN_DIRECTORY OUTPUT_DIRECTORY
#   BIN_DIRECTORY     where `kanipy` and `python` are (.venv/bin)
#   OUTPUT_DIRECTORY  receives hello/ (an OCI layout) and hello.tar (for docker load)
set -eu

bin=$1
output=$2
examples=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir -p "$output"
rm -rf "$output/hello" "$output/hello.tar" "$output/base"

echo "==> Fetching busybox-static, which the base image is made of"
(cd "$work" && apt-get download busybox-static 2>/dev/null) ||
    (apt-get update -qq && cd "$work" && apt-get download busybox-static)
dpkg-deb -x "$work"/busybox-static_*.deb "$work/package"
mkdir "$work/base"
cp "$examples"/base/* "$work/base/"
for path in bin/busybox usr/bin/busybox; do
    if [ -f "$work/package/$path" ]; then cp "$work/package/$path" "$work/base/busybox"; fi
done

echo "==> Building the base image (FROM scratch) into an OCI layout"
"$bin/kanipy" --context "$work/base" --dockerfile "$work/base/Dockerfile" --no-push \
    --oci-layout-path "$output/base"

echo "==> Building examples/hello on it"
"$bin/kanipy" --context "$examples/hello" --dockerfile "$examples/hello/Dockerfile" \
    --no-push \
    --build-context "busybox=oci-layout://$output/base" \
    --destination example/hello:demo \
    --oci-layout-path "$output/hello" --tar-path "$output/hello.tar"

echo "==> What was made"
"$bin/python" "$examples/show_image.py" "$output/hello"
echo
echo "Load it into docker:  docker load -i $output/hello.tar && docker run --rm example/hello:demo"
