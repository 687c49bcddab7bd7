"""`kanipy index create` from its words to its exit status."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from application.options import IndexOptions
from domain.errors import InvalidReference, KanipyError, UsageError
from entrypoints.executor import run
from entrypoints.flags.index_table import INDEX_FLAGS
from entrypoints.index import run as run_words
from entrypoints.index_flags import Create, parse_index_line
from tests.support.images import AMD64, ARM64, SmallImage, make_image, make_tar
from tests.support.registry_server import FakeRegistry, Fault

ONE = make_image(make_tar({"a": b"1"}), platform=AMD64)
OTHER = make_image(make_tar({"a": b"2"}), platform=ARM64)


@pytest.fixture
def server() -> Iterator[FakeRegistry]:
    with FakeRegistry() as registry:
        yield registry


def put(server: FakeRegistry, name: str, image: SmallImage) -> str:
    for data in image.blobs().values():
        server.put_blob(name, data)
    server.put_manifest(name, "1", image.manifest.raw, image.manifest.media_type)
    return f"--from={server.host}/{name}:1"


def create(*words: str) -> int:
    return run(["index", "create", *words, "--log-format=text"], {})


def test_images_of_other_repositories_are_mounted(
    tmp_path: Path, server: FakeRegistry, capsys: pytest.CaptureFixture[str]
) -> None:
    sources = [put(server, "one", ONE), put(server, "other", OTHER)]
    name = f"{server.host}/app:1"
    digest = tmp_path / "digest"
    assert create(name, *sources, f"--digest-file={digest}") == 0
    stored = server.manifests["app", "1"]
    assert digest.read_text() == stored.digest
    assert f"Created index {stored.digest} of linux/amd64, linux/arm64" in (
        capsys.readouterr().err
    )
    for entry in json.loads(stored.data)["manifests"]:
        manifest = json.loads(server.manifests["app", entry["digest"]].data)
        for blob in (manifest["config"], *manifest["layers"]):
            assert ("app", blob["digest"]) in server.blobs
    assert [line for line in server.lines if line.startswith("PATCH")] == []


def test_images_of_another_registry_are_copied(server: FakeRegistry) -> None:
    with FakeRegistry() as far:
        sources = [put(far, "one", ONE), put(far, "other", OTHER)]
        assert create(f"{server.host}/app:1", f"{server.host}/b:2", *sources) == 0
    assert server.manifests["app", "1"].data == server.manifests["b", "2"].data
    for image in (ONE, OTHER):
        for digest in image.blobs():
            assert ("app", str(digest)) in server.blobs
            assert ("b", str(digest)) in server.blobs


def test_a_layer_that_is_damaged_on_the_way_names_nothing(
    server: FakeRegistry, capsys: pytest.CaptureFixture[str]
) -> None:
    with FakeRegistry() as far:
        sources = [put(far, "one", ONE), put(far, "other", OTHER)]
        layer = OTHER.manifest.layers[0]
        far.blobs["other", str(layer.digest)] = b"x" * layer.size
        assert create(f"{server.host}/app:1", *sources) == 1
    assert ("app", "1") not in server.manifests
    told = capsys.readouterr().err
    assert told.count("Error: ") == 1
    assert f"/other:1: the bytes of {layer.digest} are not" in told


def test_a_name_that_may_not_be_pushed_to_is_told_first(
    server: FakeRegistry, capsys: pytest.CaptureFixture[str]
) -> None:
    source = put(server, "one", ONE)
    server.faults.append(Fault("POST /v2/app/blobs/uploads", status=403))
    assert create(f"{server.host}/app:1", source) == 1
    assert "403" in capsys.readouterr().err
    assert not [line for line in server.lines if "/one/" in line]


# ---------------------------------------------------------------------------- words


def options(*words: str, environment: Mapping[str, str] = {}) -> IndexOptions:
    request = parse_index_line(words, environment)
    assert isinstance(request, Create)
    return request.options


def test_helpers_of_credentials_are_chosen() -> None:
    given = options("create", "a:1", "--from=b", "--credential-helpers=env")
    assert given.credentials.helpers == ("env",)


def test_words_become_options() -> None:
    given = options(
        "create",
        "a:1",
        "--from=b",
        "c",
        "--from",
        "d@sha256:" + "0" * 64,
        "--annotation=k=v",
        "--insecure-pull",
        "--skip-tls-verify",
    )
    assert [str(name) for name in given.output.destinations] == ["a:1", "c:latest"]
    assert [name.name for name in given.images] == [
        "index.docker.io/library/b",
        "index.docker.io/library/d",
    ]
    assert given.annotations == (("k", "v"),)
    assert given.registry.insecure_pull
    assert given.registry.skip_tls_verify_push
    assert not given.registry.insecure_push


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "index needs an action"),
        (["delete"], 'unknown action "delete" of index'),
        (["create", "--from=a"], "the index has no name"),
        (["create", "a"], "no image is named"),
        (["create", "a", "--from=b", "--registry-mirror=m"], "unknown flag"),
    ],
)
def test_a_mistake_in_words_is_told(words: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        options(*words)


@pytest.mark.parametrize(
    "words", [["create", "A", "--from=b"], ["create", "a", "--from=B"]]
)
def test_what_is_no_reference_is_told(words: list[str]) -> None:
    with pytest.raises(InvalidReference):
        options(*words)


def test_a_digest_cannot_be_given_as_a_name() -> None:
    with pytest.raises(UsageError, match="of the index is a digest"):
        options("create", "a@sha256:" + "0" * 64, "--from=b")


@pytest.mark.parametrize("words", [["index", "--help"], ["help", "index"]])
def test_the_help_names_every_flag(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words, {}) == 0
    text = capsys.readouterr().out
    assert text.startswith("NAME\n    kanipy index - ")
    assert all(f"--{flag.name}" in text for flag in INDEX_FLAGS if not flag.hidden)
    assert max(map(len, text.splitlines())) <= 80


def test_a_failure_is_the_exit_status() -> None:
    def fail(_options: IndexOptions, _warnings: object) -> int:
        raise KanipyError("no")

    assert run_words(["create", "a", "--from=b"], {}, fail) == 1
