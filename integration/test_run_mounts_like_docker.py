"""RUN with mounts, by docker and by us: what it sees is written into the image.

Docker leaves the directories and files it made for mounts in the image; we do not.
"""

from pathlib import Path

import pytest

from integration.executor import Executor, write_context
from integration.image_comparison.comparison import (
    Exceptions,
    compare_images,
    load_image,
)
from integration.services.bases import SMALL_BASES
from integration.services.docker import Docker

FILES = {
    "tree/new": "new\n",
    "tree/sub/deep": "deep\n",
    "tree/no": "ignored\n",
    "file": "file\n",
    ".dockerignore": "tree/no\n.dockerignore\n",
}

STUBS = Exceptions(
    presence=("m", "w/m", "c", "d", "t", "etc/hello", "etc/x", "etc/s", "real/m")
)
"""What docker leaves where a mount was; it is compared where we have it, too."""

CASES = {
    "bind-context": """
        RUN --mount=target=/m find /m | sort > /o; cat /m/tree/new >> /o; \
            stat -c '%n %u:%g %F' /m/tree /m/file >> /o; echo x > /m/x || echo ro >> /o
        """,
    "bind-relative": """
        WORKDIR /w
        RUN --mount=target=m,source=tree ls m > /o; pwd >> /o
        RUN --mount=target=.,source=tree ls /w > /o2
        """,
    "bind-file": """
        RUN --mount=target=/etc/hello,source=file cat /etc/hello > /o
        """,
    "bind-over-directory": """
        RUN mkdir -p /m/own && echo 1 > /m/f
        RUN --mount=target=/m,source=tree ls /m > /o
        RUN ls /m > /o2
        """,
    "bind-rw": """
        RUN --mount=target=/m,rw echo x > /m/x && rm -r /m/tree && ls /m > /o
        RUN --mount=target=/m,rw ls /m /m/tree > /o2
        """,
    "bind-stage": """
        RUN mkdir -p /a/b && echo 1 > /a/b/c && chown 3:4 /a/b/c && ln -s b /a/l
        FROM busybox
        RUN --mount=from=made,source=/a,target=/m cat /m/l/c > /o; \
            stat -c '%n %u:%g %F' /m/b/c /m/l >> /o
        RUN --mount=from=made,source=/a/l,target=/m ls /m > /o2
        """,
    "bind-image": """
        RUN --mount=from=busybox,source=/etc,target=/m cat /m/passwd > /o
        """,
    "bind-behind-symlink": """
        RUN mkdir /real && ln -s real /way
        RUN --mount=target=/way/m,source=tree ls /real/m > /o
        """,
    "cache-mode-owner": """
        RUN --mount=type=cache,target=/c,mode=0750,uid=5,gid=6 \
            stat -c '%a %u:%g' /c > /o
        RUN --mount=type=cache,target=/d stat -c '%a %u:%g' /d >> /o
        """,
    "cache-by-id": """
        RUN --mount=type=cache,target=/c,id=k echo 1 > /c/f; echo > /o
        RUN --mount=type=cache,target=/d,id=k cat /d/f > /o2
        RUN --mount=type=cache,target=/d ls /d > /o3
        """,
    "cache-from": """
        RUN mkdir -p /s/d && echo 1 > /s/f && chown 7:8 /s/f
        FROM busybox
        RUN --mount=type=cache,target=/c,from=made,source=s \
            stat -c '%n %u:%g' /c/* > /o; echo 2 >> /c/f
        RUN --mount=type=cache,target=/c,from=made,source=s cat /c/f > /o2
        """,
    "cache-read-only": """
        RUN --mount=type=cache,target=/c,ro echo 1 > /c/f || echo ro > /o
        """,
    "tmpfs": """
        RUN --mount=type=tmpfs,target=/t stat -c '%a %u:%g' /t > /o; echo 1 > /t/f
        RUN --mount=type=tmpfs,target=/t ls /t > /o2
        """,
    "tmpfs-over-directory": """
        RUN mkdir /t && echo 1 > /t/f
        RUN --mount=type=tmpfs,target=/t ls /t > /o; echo 2 > /t/g
        RUN ls /t > /o2
        """,
    "nested": """
        RUN --mount=type=tmpfs,target=/t --mount=target=/t/m,source=tree ls /t/m > /o
        """,
    "secret": """
        RUN --mount=type=secret,id=s cat /run/secrets/s > /o; \
            stat -c '%a %u:%g %s' /run/secrets/s >> /o
        RUN --mount=type=secret,id=s,target=/etc/x,mode=0444,uid=5,gid=6 \
            stat -c '%a %u:%g %s' /etc/x > /o2; echo x > /etc/x || echo ro >> /o2
        RUN --mount=type=secret,target=/etc/s cat /etc/s > /o3
        """,
    "secret-of-user": """
        USER 7:8
        WORKDIR /tmp
        RUN --mount=type=secret,id=s,uid=7 cat /run/secrets/s > o
        RUN --mount=type=secret,id=s cat /run/secrets/s > o2 2>/dev/null || echo no > o2
        """,
    "secret-absent": """
        RUN --mount=type=secret,id=none ls /run/secrets/none > /o 2>&1; echo $? >> /o
        """,
    "ssh-absent": """
        RUN --mount=type=ssh,id=none ls $SSH_AUTH_SOCK > /o 2>&1; echo $? >> /o
        """,
}


def build_both(
    lines: str, executor: Executor, docker: Docker, directory: Path
) -> list[str]:
    """Build with docker and with us; return the differences."""
    dockerfile = "FROM busybox AS made\n" + "\n".join(
        line.strip() for line in lines.strip().splitlines()
    )
    context = write_context(directory / "context", f"{dockerfile}\n", FILES)
    (directory / "secret").write_text("cheese")
    secret = f"--secret=id=s,src={directory / 'secret'}"
    docker.load_layout(SMALL_BASES, "busybox", "busybox:latest")
    docker.build(context, "mounts", flags=[secret])
    theirs = load_image(docker.save("mounts", directory / "saved.tar"), directory)
    ours = executor.image(context, directory, secret)
    differences = compare_images(ours, theirs, exceptions=STUBS)
    return [str(each) for each in differences]


@pytest.mark.parametrize("name", CASES)
def test_docker_makes_the_same_image(
    name: str, executor: Executor, docker: Docker, tmp_path: Path
) -> None:
    named = f"--build-context=busybox=oci-layout://{SMALL_BASES}:busybox"
    ours = Executor(work=executor.work, flags=(named, "--isolation=namespaces"))
    differences = build_both(CASES[name], ours, docker, tmp_path)
    assert not differences, "\n".join(differences)
