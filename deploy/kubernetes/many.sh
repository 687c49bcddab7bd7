#!/bin/sh
# Write a Job for each image of a list, for a cluster to build side by side:
#   deploy/kubernetes/many.sh < images.txt | kubectl create -f -
# A line of the list is IMAGE DIRECTORY: the reference to push, and the directory in the
# repository that holds its Dockerfile. Empty lines and lines after # are left out.
#   TEMPLATE=…  the Job to make them of, else job-cached.yaml beside this script
set -eu

template=${TEMPLATE:-$(dirname "$0")/job-cached.yaml}
while read -r image directory rest; do
    case $image in '' | '#'*) continue ;; esac
    if [ -z "$directory" ] || [ -n "$rest" ]; then
        echo "many.sh: a line is IMAGE DIRECTORY, not: $image $directory $rest" >&2
        exit 1
    fi
    case $image$directory in
        *[!A-Za-z0-9._/:@-]*)
            echo "many.sh: unexpected character: $image $directory" >&2
            exit 1
            ;;
    esac
    echo ---
    sed -e "s|--destination=.*|--destination=$image|" \
        -e "s|--context=.*|--context=/workspace/$directory|" "$template"
done
