"""`RUN --mount`: what is read, what is refused and why."""

import pytest

from domain.dockerfile.mount import (
    Mount,
    MountType,
    Sharing,
    check_mount,
    mount_origin,
)
from domain.dockerfile.word import expand
from domain.errors import DockerfileError
from tests.domain.dockerfile.parsing import dockerfile


def parse(text: str, **variables: str) -> Mount:
    return Mount.parse(text, lambda word: expand(word, variables))


@pytest.mark.parametrize(
    ("text", "mount"),
    [
        ("target=/a", Mount(target="/a", read_only=True)),
        ("TYPE=Bind,dst=/a", Mount(target="/a", read_only=True)),
        (
            "type=bind,from=x,src=s,destination=a,rw",
            Mount(from_="x", source="s", target="a"),
        ),
        ("target=/a,readonly=false", Mount(target="/a")),
        ("target=/a,rw=0", Mount(target="/a", read_only=True)),
        ("target=/a,ro,rw", Mount(target="/a")),
        ('"target=/a,b"', Mount(target="/a,b", read_only=True)),
        ("type=cache,target=/c", Mount(type=MountType.CACHE, target="/c")),
        (
            "type=cache,target=/c,id=i,sharing=LOCKED,mode=0700,uid=1,gid=2,ro,from=x",
            Mount(
                type=MountType.CACHE,
                target="/c",
                id="i",
                sharing=Sharing.LOCKED,
                mode=0o700,
                uid=1,
                gid=2,
                read_only=True,
                from_="x",
            ),
        ),
        (
            "type=tmpfs,target=/t,size=1.5k",
            Mount(type=MountType.TMPFS, target="/t", size=1536),
        ),
        (
            "type=tmpfs,target=/t,size=64MiB",
            Mount(type=MountType.TMPFS, target="/t", size=64 << 20),
        ),
        (
            "required,type=secret,id=a,env=A",
            Mount(
                type=MountType.SECRET, id="a", env="A", required=True, read_only=True
            ),
        ),
        (
            "type=secret,target=/x,required=false",
            Mount(type=MountType.SECRET, target="/x", read_only=True),
        ),
        ("type=ssh", Mount(type=MountType.SSH, read_only=True)),
    ],
)
def test_a_mount_is_read(text: str, mount: Mount) -> None:
    assert parse(text) == mount
    check_mount(text, "\\")


def test_every_word_but_from_is_expanded() -> None:
    mount = parse("type=$T,target=/a/${D:-b},uid=$U,from=x", T="cache", U="7")
    assert mount == Mount(type=MountType.CACHE, target="/a/b", uid=7, from_="x")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("type=volume,target=/a", "unknown type of --mount: 'volume'"),
        ("typ=bind,target=/a", "unknown key 'typ'"),
        ("target", "'target' of --mount has no value"),
        ("", "type bind has no target"),
        ("type=cache", "type cache has no target"),
        ("type=tmpfs", "type tmpfs has no target"),
        ("type=secret", "neither id nor target"),
        ("type=secret,id=a,source=b", "both source and id"),
        ("type=secret,id=a,from=b", "type secret has no from"),
        ("type=secret,id=a,env=", "env of --mount cannot be ''"),
        ("type=secret,id=a,env=A=B", "env of --mount cannot be 'A=B'"),
        ("type=ssh,source=b", "type ssh has no source"),
        ("type=cache,target=/a,source=/b", "a source and no from"),
        ("type=cache,target=/a,sharing=all", "unknown sharing: 'all'"),
        ("target=/a,sharing=shared", "sharing means nothing for a mount of type bind"),
        ("target=/a,mode=0700", "mode means nothing"),
        ("type=tmpfs,target=/a,uid=1", "uid means nothing"),
        ("target=/a,required", "required means nothing"),
        ("target=/a,size=1m", "size means nothing"),
        ("type=cache,target=/a,env=X", "env means nothing"),
        ("type=tmpfs,target=/a,size=much", "size of --mount cannot be 'much'"),
        ("type=cache,target=/a,mode=0o7", "mode of --mount cannot be '0o7'"),
        ("type=cache,target=/a,mode=rwx", "mode of --mount cannot be 'rwx'"),
        ("type=cache,target=/a,gid=-1", "gid of --mount cannot be '-1'"),
        ("type=cache,target=/a,uid=4294967296", "uid of --mount cannot be"),
        ("target=/a,ro=yes", "readonly of --mount cannot be 'yes'"),
        ("target=/a,from=$x", "from of --mount cannot hold a variable"),
        ('"target=/a', "cannot be read"),
        ('"target=/a"b', "cannot be read"),
        ("target=/a,", "unknown key ''"),
    ],
)
def test_a_broken_mount_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(DockerfileError, match="Dockerfile:2: ") as caught:
        dockerfile(f"FROM scratch\nRUN --mount='{text}' true\n")
    assert message in caught.value.message
    assert caught.value.hint


def test_words_with_variables_are_judged_when_they_are_known() -> None:
    check_mount("type=$T,target=/a", "\\")
    with pytest.raises(DockerfileError, match="unknown type"):
        parse("type=$T,target=/a", T="volume")


def test_unknown_keys_are_refused_beside_variables() -> None:
    with pytest.raises(DockerfileError, match="unknown key 'tagret'"):
        check_mount("type=$T,tagret=/a", "\\")


def test_a_slip_of_the_pen_is_named() -> None:
    with pytest.raises(DockerfileError) as caught:
        parse("type=secrets,id=a")
    assert caught.value.hint
    assert caught.value.hint.startswith("did you mean secret?")


@pytest.mark.parametrize(
    ("text", "origin"),
    [("target=/a", None), ("from=,target=/a", None), ("FROM=x,from=y", "y")],
)
def test_the_origin_of_a_mount(text: str, origin: str | None) -> None:
    assert mount_origin(text) == origin


@pytest.mark.parametrize(
    "text", ["--network=bridge", "--security=none", "--network=Host"]
)
def test_unknown_networks_and_securities_are_refused(text: str) -> None:
    with pytest.raises(DockerfileError, match="cannot be") as caught:
        dockerfile(f"FROM scratch\nRUN {text} true\n")
    assert caught.value.line == 2
