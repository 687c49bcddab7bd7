"""Jobs as CI systems and clusters run them: scripts, mounts, secrets, result files."""

import base64
import gzip
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from integration.both_places import BothPlaces, digest_of
from integration.executor import Executor, named_base, write_context
from integration.image_comparison.layer_reading import open_layer
from integration.image_comparison.stored_image import read_layout
from integration.services.bases import SMALL_BASES
from integration.services.executor_image import ExecutorImage
from integration.services.layouts import TarEntry, layer_tar, write_layout
from integration.services.registry import Registry

PROJECT = "/builds/group/project"
FILES = {"file": "content\n", "src/main": "main\n", ".git/HEAD": "ref: main\n"}
STEPS = """
FROM busybox AS made
RUN echo "told by RUN"; ls / > /dev/null; mkdir /made; echo one > /made/one
FROM busybox
RUN echo two > /two
COPY --from=made /made /made
COPY src /src
RUN cat /src/main >> /made/one
"""
JOB = """
set -e
mkdir -p /kaniko/.docker
echo "$AUTHS" > /kaniko/.docker/config.json
build() {
    /kaniko/executor --context "$CI_PROJECT_DIR" \
        --dockerfile "$CI_PROJECT_DIR/Dockerfile" --reproducible \
        --build-context=busybox=oci-layout:///bases:busybox "$@"
}
build --destination "$HOST/job:one" --digest-file "$CI_PROJECT_DIR/one"
cd "$CI_PROJECT_DIR" && ls src
build --destination "$HOST/job:two" --digest-file "$CI_PROJECT_DIR/two" \
    --tar-path artefact.tar
cat one | cmp - two
echo the end
"""

Tree = Mapping[str, tuple[int, int, bytes]]


def tree(directory: Path) -> Tree:
    """Return mode, time and content of all below a directory."""
    return {
        str(path.relative_to(directory)): (
            path.lstat().st_mode,
            0 if path.is_dir() else path.lstat().st_mtime_ns,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in directory.rglob("*")
    }


def credentials(registry: Registry) -> str:
    """Return a docker configuration with the account of a registry."""
    assert registry.account is not None
    account = f"{registry.account.user}:{registry.account.password}"
    auth = base64.b64encode(account.encode()).decode()
    return json.dumps({"auths": {registry.host: {"auth": auth}}})


@pytest.fixture
def places(executor_image: ExecutorImage, tmp_path: Path) -> BothPlaces:
    """Offer builds at both places."""
    return BothPlaces(image=executor_image, directory=tmp_path)


@pytest.mark.parametrize("shell", ["sh", "/busybox/sh"])
def test_a_script_on_standard_input_builds_twice_and_goes_on(
    shell: str,
    executor_image: ExecutorImage,
    private_registry: Registry,
    tmp_path: Path,
) -> None:
    project = write_context(tmp_path / "context", STEPS, FILES)
    before = tree(project)
    flags = (
        *("--interactive", "--entrypoint=", f"--volume={tmp_path}/context:{PROJECT}"),
        *(f"--volume={SMALL_BASES}:/bases:ro", f"--env=CI_PROJECT_DIR={PROJECT}"),
        *(f"--env=AUTHS={credentials(private_registry)}",),
        f"--env=HOST={private_registry.host}",
    )
    done = executor_image.run(shell, flags=flags, image=executor_image.debug, stdin=JOB)
    told = "[made 1/1] told by RUN"
    assert done.stdout.splitlines() == [told, "main", told, "the end"]
    after = tree(project)
    assert {name: after[name] for name in before} == before
    assert after.keys() - before.keys() == {"one", "two", "artefact.tar"}
    here = Executor(work=tmp_path / "work")
    base = named_base("busybox", SMALL_BASES, "busybox")
    here.layout(project, tmp_path / "here", "--reproducible", base)
    assert (project / "one").read_text() == digest_of(tmp_path / "here")


@pytest.mark.parametrize(("command", "is_written"), [("true", True), ("false", False)])
def test_a_mounted_file_takes_the_digest_after_success_alone(
    command: str, *, is_written: bool, places: BothPlaces
) -> None:
    log = places.directory / "termination-log"
    log.touch()
    powers = [f"--volume={log}:/dev/termination-log"]
    outcome = replace(places, powers=powers).in_place(
        f"FROM busybox\nRUN echo > /file\nRUN {command}\n",
        "--digest-file=/dev/termination-log",
    )
    assert outcome.status == (0 if is_written else 1)
    digest = digest_of(places.directory / "out/image") if is_written else ""
    assert log.read_text() == digest


POD_BASE = (
    TarEntry(name="var/.wh.run"),
    TarEntry(name="var/run", type="symlink", link="/run"),
    TarEntry(name="run/lock", type="dir", mode=0o1777),
    TarEntry(name="tekton/of-image", content=b"x"),
    TarEntry(name="etc/hosts", content=b"1.2.3.4 of-image\n"),
    TarEntry(name="workspace/of-image", content=b"x"),
)


@pytest.mark.parametrize("is_nested", [False, True])
def test_a_pods_mounts_are_left_alone_and_are_in_no_layer(
    *, is_nested: bool, places: BothPlaces, private_registry: Registry
) -> None:
    directory = places.directory
    busybox = read_layout(SMALL_BASES, "busybox").layers[0].blob.read_bytes()
    tars = [gzip.decompress(busybox), layer_tar(POD_BASE)]
    mounts = {
        "account": ("/var/run/secrets/kubernetes.io/serviceaccount", "ro"),
        "steps": ("/tekton/steps", "ro"),
        "results": ("/tekton/results", "rw"),
        "config.json": ("/kaniko/.docker/config.json", "ro"),
        "termination-log": ("/dev/termination-log", "rw"),
    }
    for name in ("account/token", "steps/0/out", "termination-log"):
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(name)
    if is_nested:  # both the workspace and a directory in it are volumes
        mounts["workspace"] = ("/workspace", "rw")
        (directory / "workspace/source").mkdir(parents=True)
    (directory / "results").mkdir()
    (directory / "config.json").write_text(credentials(private_registry))
    write_context(
        directory / "context", STEPS.replace("FROM busybox", "FROM pod"), FILES
    )
    before = {name: tree(directory / name) for name in ("account", "steps", "context")}
    pod = replace(
        places,
        workspace="/workspace/source",
        bases={"pod": write_layout(directory / "pod", "pod", tars)},
        powers=[
            f"--volume={directory / name}:{place}:{kind}"
            for name, (place, kind) in mounts.items()
        ],
    )
    repository = f"{private_registry.host}/pod"
    outcome = pod.again(
        f"--destination={repository}",
        "--digest-file=/tekton/results/IMAGE_DIGEST",
    ).check()
    assert "isolation: in-place (container: /" in outcome.log
    pod.check()
    assert before == {
        name: tree(directory / name) for name in ("account", "steps", "context")
    }
    digest = (directory / "results/IMAGE_DIGEST").read_text()
    assert digest == digest_of(directory / "out/image")


def test_a_run_cannot_lead_later_steps_and_pushing_astray(
    places: BothPlaces, registry: Registry
) -> None:
    port = registry.host.rpartition(":")[2]
    named = replace(places, powers=["--add-host=registry.test:127.0.0.1"])
    named.in_place(
        """
        FROM busybox
        RUN echo 192.0.2.1 registry.test > /etc/hosts; echo > /etc/resolv.conf
        RUN grep registry.test /etc/hosts | tr '\\t' ' ' > /seen
        """,
        f"--destination=registry.test:{port}/astray",
        "--insecure",
    ).check()
    [_, seen] = read_layout(places.directory / "out/image").layers
    with open_layer(seen.blob) as opened:
        stream = opened.tar.extractfile("seen")
        assert stream is not None
        assert stream.read() == b"127.0.0.1 registry.test\n"
    assert registry.manifest("astray") is not None


def test_a_secret_directory_that_cannot_be_written_is_read(
    places: BothPlaces, private_registry: Registry
) -> None:
    write_context(places.directory / "secret", "", {})
    (places.directory / "secret/config.json").write_text(credentials(private_registry))
    powers = [f"--volume={places.directory / 'secret'}:/kaniko/.docker:ro"]
    replace(places, powers=powers).in_place(
        "FROM busybox\nRUN echo > /f\n", f"--destination={private_registry.host}/secret"
    ).check()
    places.check()


def test_cleanup_leaves_what_is_the_builders(places: BothPlaces) -> None:
    write_context(places.directory / "context", STEPS, FILES)
    outcome = places.job("""
        echo x > /mine
        $BUILD --cleanup
        ls -A / > /out/left
        $BUILD --cleanup
        """)
    assert outcome.output.count("told by RUN") == 2
    left = (places.directory / "out/left").read_text().split()
    ours = {".dockerenv", "bases", "busybox", "kaniko", "out", "workspace"}
    assert set(left) == ours | {"dev", "etc", "proc", "sys"}
    places.check()


def test_preserved_files_are_there_afterwards(places: BothPlaces) -> None:
    write_context(places.directory / "context", STEPS, FILES)
    outcome = places.job("""
        mkdir -p /mine/deep; echo x > /mine/deep/f; ln -s deep /mine/l; chmod 4710 /mine
        echo more >> /etc/passwd
        list() { find / -xdev ! -path '/kaniko*' ! -path '/busybox*' ! -path '/out/*' \
            ! -path '/workspace/*' -exec stat -c '%n %f %u %g %N' {} + | sort; }
        list > /out/before
        $BUILD --preserve-context > /dev/null
        list > /out/after
        cmp /out/before /out/after && cat /out/before
        $BUILD > /dev/null
        ! test -e /mine
        """)
    assert "/mine/deep/f" in outcome.output
    places.check()


def test_ignored_paths_are_kept_and_are_in_no_layer(places: BothPlaces) -> None:
    dockerfile = """
        FROM busybox
        RUN cat /keep/mine && echo x > /keep/new && echo > /made
        """
    write_context(places.directory / "context", dockerfile)
    outcome = places.job("""
        mkdir /keep; echo kept > /keep/mine
        $BUILD --ignore-path=/keep
        cat /keep/new
        """)
    assert outcome.said.splitlines() == ["kept", "x"]
    files = places.built().files
    assert "made" in files
    assert not any(path.startswith("keep/") for path in files)


def test_a_root_that_cannot_be_written_is_told(places: BothPlaces) -> None:
    powers = ["--read-only", "--tmpfs=/tmp"]
    outcome = replace(places, powers=powers).in_place(
        "FROM busybox\nRUN true\n", "--isolation=in-place"
    )
    assert outcome.status == 1
    assert "in-place: / cannot be written" in outcome.error
    assert "readOnlyRootFilesystem: false" in outcome.hint


def test_without_a_place_to_write_to_the_remedy_is_told(places: BothPlaces) -> None:
    readonly = replace(places, powers=["--read-only"])
    outcome = readonly.in_place("FROM busybox\nRUN true\n")
    assert outcome.status == 1
    assert "cannot make the work directory: Read-only file system" in outcome.error
    assert "--kaniko-dir" in outcome.hint


HIDDEN = """
rm /.dockerenv
$BUILD --isolation=in-place 2> /out/refused || echo $?
$BUILD --force
"""


def test_force_vouches_for_a_container_that_was_not_detected(
    places: BothPlaces,
) -> None:
    write_context(places.directory / "context", STEPS, FILES)
    outcome = replace(places, powers=["--cgroupns=private"]).job(HIDDEN)
    assert outcome.said.split() == ["1", "told", "by", "RUN"]
    refused = (places.directory / "out/refused").read_text()
    assert "a RUN cannot be executed here" in refused
    assert "no container was detected" in refused
    assert "--force" in refused
    assert "isolation: in-place (--force), root: /" in outcome.log
    places.check()
