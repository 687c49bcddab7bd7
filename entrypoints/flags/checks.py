"""Rules about options that only hold together; each is well formed by itself.

Kaniko checks some of these late, after the context was fetched. All are checked
before anything is done.
"""

from application.options import (
    STANDARD_INPUT,
    BuildOptions,
    Compression,
    ImageFormat,
    OutputOptions,
)
from domain.errors import UsageError

_HIGHEST_LEVEL = {Compression.GZIP: 9, Compression.ZSTD: 22}


def check(options: BuildOptions) -> None:
    """Check options against each other.

    Raises:
        UsageError: They contradict each other, or something needed is missing.
    """
    _check_destination(options.output)
    _check_format(options)
    _check_cache(options)
    check_results(options.output)
    given = options.input
    if given.dockerfile == "-" and given.context.location == STANDARD_INPUT:
        raise UsageError(
            "context and Dockerfile cannot both be read from standard input",
            hint="put the Dockerfile into the archive, or give its path",
        )


def _check_destination(output: OutputOptions) -> None:
    if output.push and not output.destinations:
        raise UsageError(
            "you must provide --destination, or use --no-push",
            hint="--destination=REGISTRY/REPOSITORY:TAG names where to push to",
        )


def _check_format(options: BuildOptions) -> None:
    image = options.image
    if image.format is ImageFormat.DOCKER and image.compression is Compression.ZSTD:
        raise UsageError(
            "--image-format=docker and --compression=zstd exclude each other",
            hint="use --image-format=oci, or --compression=gzip",
        )
    if options.output.tar_path and image.compression is Compression.ZSTD:
        raise UsageError(
            "--tar-path and --compression=zstd exclude each other",
            hint="docker archives hold no zstd: use --oci-layout-path, or gzip",
        )
    highest = _HIGHEST_LEVEL[image.compression or Compression.GZIP]
    if image.compression_level is not None and image.compression_level > highest:
        raise UsageError(
            f"--compression-level={image.compression_level} is too high",
            hint=f"the highest is {highest}",
        )


def _check_cache(options: BuildOptions) -> None:
    cache = options.cache
    if (
        cache.enabled
        and cache.push
        and not options.output.push
        and not cache.repository
    ):
        raise UsageError(
            "if using cache with --no-push, specify cache repo with --cache-repo",
            hint="or read the cache only, with --no-push-cache",
        )


def check_results(output: OutputOptions) -> None:
    """Check where result files go.

    Raises:
        UsageError: A list of names has no name, or a server is not asked safely.
    """
    if any(path.startswith("http://") for path in output.result_files):
        raise UsageError(
            "a result file is not sent over plain HTTP",
            hint="give an address that begins with https://, or a path",
        )
    files = {
        "image-name-with-digest-file": output.image_name_with_digest_file,
        "image-name-tag-with-digest-file": output.image_name_tag_with_digest_file,
    }
    for name, path in files.items():
        if path and not output.destinations:
            raise UsageError(
                f"--{name} needs a --destination",
                hint="it lists the names that the image gets",
            )
