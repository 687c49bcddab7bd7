"""The table holds every flag that kaniko, its fork and docker's habits know."""

import pytest

from entrypoints.flags.table import EXECUTOR_FLAGS

_KANIKO = """
annotation bucket build-arg cache cache-copy-layers cache-dir cache-repo
cache-run-layers cache-ttl cleanup compressed-caching compression compression-level
context context-sub-path credential-helpers custom-platform customPlatform destination
digest-file dockerfile dryrun force force-build-metadata git help ignore-path
ignore-var-run image-download-retry image-format image-fs-extract-retry
image-name-tag-with-digest-file image-name-with-digest-file insecure insecure-pull
insecure-registry kaniko-dir label log-format log-timestamp materialize no-push
no-push-cache oci-layout-path pre-cleanup preserve-context
push-ignore-immutable-tag-errors
push-retry registry-certificate registry-client-cert registry-map registry-mirror
reproducible secret single-snapshot skip-default-registry-fallback
skip-push-permission-check skip-tls-verify skip-tls-verify-pull
skip-tls-verify-registry skip-unused-stages snapshot-mode snapshotMode tar-path tarPath
target use-cache use-new-run verbosity whitelist-var-run
azure-container-registry-config
"""
_DOCKER = """
build-context cache-from cache-to file iidfile load metadata-file network no-cache
output platform progress provenance push sbom secret ssh tag
"""


@pytest.mark.parametrize("name", sorted({*_KANIKO.split(), *_DOCKER.split()}))
def test_a_flag_is_known(name: str) -> None:
    assert EXECUTOR_FLAGS.long(name) is not None


@pytest.mark.parametrize(
    ("letter", "name"),
    [
        ("f", "dockerfile"),
        ("c", "context"),
        ("b", "bucket"),
        ("d", "destination"),
        ("t", "destination"),
        ("v", "verbosity"),
        ("o", "output"),
        ("h", "help"),
    ],
)
def test_a_short_form_is_known(letter: str, name: str) -> None:
    flag = EXECUTOR_FLAGS.short(letter)
    assert flag is not None
    assert flag.name == name


@pytest.mark.parametrize("name", ["bucket", "azure-container-registry-config"])
def test_a_hidden_flag_is_never_suggested(name: str) -> None:
    assert name not in EXECUTOR_FLAGS.spellings
