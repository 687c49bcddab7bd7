"""Whatever a RUN does to files, its image is docker's, in every isolation."""

from pathlib import Path

import pytest

from integration.executor import Executor, write_context
from integration.image_comparison.comparison import (
    FlatImage,
    compare_images,
    load_image,
)
from integration.image_comparison.differences import report
from integration.services.docker import Docker
from integration.services.registry import Registry

STEPS = r"""
# Every kind of file, more names of one, owners and modes of directories.
RUN mkdir -p /t/a/b/c && cd /t && for i in 1 2 3; do echo $i > a/$i; echo $i > a/b/$i; \
    done && ln a/1 a/b/hard && ln -s ../a link && mkfifo fifo && chmod 1777 a/b \
 && chown 3:4 a/2 && cp -a /bin/ls ls
# Directories are moved, made again, emptied.
RUN mv /t/a /t/moved && mkdir /t/a && echo new > /t/a/1
RUN rm -rf /etc/apt/apt.conf.d && mkdir /etc/apt/apt.conf.d && echo x > /etc/apt/x
RUN mv /usr/share/doc /usr/share/documents && mv /usr/share/documents /usr/share/doc
RUN mkdir /t/again && touch /t/again/1 /t/again/2
RUN rm -rf /t/again && mkdir /t/again && touch /t/again/2
RUN rm -rf /t/again && mkdir /t/again
RUN find /usr/share/man -delete && mkdir /usr/share/man
# One kind becomes another.
RUN rm -r /t/a && echo file > /t/a && rm -rf /t/moved/b && ln -s /etc /t/moved/b \
 && rm /t/link && mkdir /t/link && rm /t/fifo && ln -s nowhere /t/fifo
RUN rm /bin/sh && ln -s bash /bin/sh
# Attributes alone.
RUN chmod 700 /usr/share/doc && chown 7 /usr/share/doc/apt && chmod 4711 /t/ls
RUN touch -h -d @5 /t/moved/b && touch -d @7 /t/moved/1
RUN chown -R 1000:1000 /t/moved && chmod -R go-rwx /t/moved
# Names of one file, made at once; for a name made later see the measured cases.
RUN echo 4 > /t/four && ln /t/four /t/vier && ln /t/four /etc/quatre
# Holes, a socket, many files, long names, names with odd characters.
RUN truncate -s 100M /t/sparse && printf x | dd of=/t/sparse bs=1 seek=50M conv=notrunc
RUN perl -e 'use Socket; socket(S, PF_UNIX, SOCK_STREAM, 0); \
    bind(S, sockaddr_un("/t/socket")) or die $!'
RUN for i in $(seq 300); do echo $i > "/t/file $i"; done; \
    mkdir -p /t/$(printf 'd%.0s' $(seq 250))/$(printf 'e%.0s' $(seq 250)); \
    touch "$(printf '/t/lat\351in')" "$(printf '/t/new\nline')" '/t/q"u\ote' /t/.wh-not
# What tools of the system do.
RUN dpkg-divert --add --rename /usr/bin/who && rm -f /usr/bin/who.distrib
RUN usermod -l other nobody && useradd -m joe && passwd -l joe
# Places that are not of the image, and some that only look so.
RUN echo 1.2.3.4 name >> /etc/hosts; echo z > /dev/shm/y; echo hi > /etc/hostname.bak
RUN mkdir /run/mine && echo 1 > /run/x && echo 2 > /var/run/y && echo 3 > /var/lock/z
RUN true
"""


@pytest.fixture(scope="module")
def base(registry: Registry, debian_base: Path) -> str:
    """Offer a Debian in the registry."""
    return registry.push_layout(debian_base, "debian", "changes/debian")


@pytest.fixture(scope="module")
def theirs(
    base: str, docker: Docker, tmp_path_factory: pytest.TempPathFactory
) -> FlatImage:
    """Offer the image that docker makes."""
    directory = tmp_path_factory.mktemp("theirs")
    context = write_context(directory / "context", f"FROM {base}\n{STEPS}")
    docker.build(context, "changes/theirs")
    archive = docker.save("changes/theirs", directory / "saved.tar")
    return load_image(archive, directory)


def test_the_image_is_the_one_that_docker_makes(
    builder: Executor, base: str, theirs: FlatImage, tmp_path: Path
) -> None:
    context = write_context(tmp_path / "context", f"FROM {base}\n{STEPS}")
    ours = builder.image(context, tmp_path)
    differences = compare_images(ours, theirs, times=True)
    assert not differences, report(differences)
