#!/bin/sh
# Build an image in a container, as a cluster would, and push it.
#   deploy/docker/build.sh DOCKERFILE CONTEXT DESTINATION [FLAG…]
# DOCKERFILE is relative to CONTEXT. The login is that of docker (~/.docker/config.json).
#   IMAGE=…        the executor's image, else kanipy/executor:dev
#   DOCKER_ARGS=…  further words for `docker run`, such as --network=host
set -eu

if [ "$#" -lt 3 ]; then
    sed -n '2,6s/^# *//p' "$0" >&2
    exit 1
fi
dockerfile=$1 context=$(cd "$2" && pwd) destination=$3
shift 3

config=${DOCKER_CONFIG:-$HOME/.docker}/config.json
if [ -f "$config" ]; then
    login="--volume=$config:/kaniko/.docker/config.json:ro"
else
    login=
fi

# shellcheck disable=SC2086 # DOCKER_ARGS is words
exec docker run --rm --interactive ${DOCKER_ARGS:-} ${login:+"$login"} \
    --volume="$context:/workspace" \
    "${IMAGE:-kanipy/executor:dev}" \
    --context=dir:///workspace --dockerfile="$dockerfile" --destination="$destination" "$@"
