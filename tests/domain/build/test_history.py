"""History texts, as docker writes them."""

import pytest

from domain.build.accounts import Accounts
from domain.build.plan import Facts
from tests.support.planning import after, context, planned

BEFORE = after("ARG who=world\nARG unset\nENV v=/dir")


@pytest.mark.parametrize(
    ("text", "history"),
    [
        ("ENV A=1 B=$v", "ENV A=1 B=/dir"),
        ("ENV legacy a b", "ENV legacy=a b"),
        ('LABEL a="x y" k-$who=$v', "LABEL a=x y k-world=/dir"),
        ("ARG A=1 B=$who C", "ARG A=1 B=world C"),
        ("ARG G=default", "ARG G=given"),
        ("ARG who", "ARG who"),
        ("CMD echo $d", 'CMD ["/bin/sh" "-c" "echo $d"]'),
        ('CMD ["é", "\\"q\\""]', 'CMD ["é" "\\"q\\""]'),
        ("CMD []", "CMD []"),
        ('ENTRYPOINT ["/bin/echo",   "x"]', 'ENTRYPOINT ["/bin/echo" "x"]'),
        ("ENTRYPOINT []", "ENTRYPOINT []"),
        ("EXPOSE 80 443/tcp 53/udp", "EXPOSE [443/tcp 53/udp 80/tcp]"),
        ("VOLUME $v b", "VOLUME [/dir b]"),
        ("USER $who", "USER world"),
        ("STOPSIGNAL SIGUSR1", "STOPSIGNAL SIGUSR1"),
        ('SHELL ["/bin/bash", "-c"]', "SHELL [/bin/bash -c]"),
        ("MAINTAINER A <a@b>", "MAINTAINER A <a@b>"),
        ("HEALTHCHECK NONE", "HEALTHCHECK NONE"),
        ("ONBUILD RUN x", "ONBUILD RUN x"),
        ("WORKDIR $v/sub", "WORKDIR /dir/sub"),
        ("RUN true", "RUN |2 who=world unset= /bin/sh -c true # buildkit"),
        ('RUN ["a", "b"]', "RUN |2 who=world unset= a b # buildkit"),
        ("COPY a b $v/", "COPY a b /dir/ # buildkit"),
        (
            "COPY --chmod=644 --chown=3:4 --link a /x",
            "COPY --chown=3:4 --chmod=644 a /x # buildkit",
        ),
        ("COPY --from=s $who /x", "COPY world /x # buildkit"),
        ("ADD --chown=$who a /x", "ADD --chown=world a /x # buildkit"),
        ("COPY <<A <<B /d/\nA\nB", "COPY <<A <<B /d/ # buildkit"),
    ],
)
def test_history_of_an_instruction(text: str, history: str) -> None:
    accounts = Accounts.parse(b"world:x:1:1:::\n", b"")
    facts = Facts(accounts=accounts, source=context("a\nb\nworld"))
    assert planned(text, BEFORE, facts, {"G": "given"}).history == history


def test_a_run_without_arguments_has_no_count() -> None:
    assert planned("RUN true").history == "RUN /bin/sh -c true # buildkit"


def test_a_run_shows_the_values_it_sees() -> None:
    """An ENV of the same name, set later, is what the process gets."""
    state = after("ARG A=arg\nARG B=b\nENV A=env")
    history = planned("RUN x", state).history
    assert history == "RUN |2 A=env B=b /bin/sh -c x # buildkit"


def test_proxies_stay_out_of_the_history() -> None:
    history = planned("RUN x", given={"HTTP_PROXY": "http://u:p@h"}).history
    assert history == "RUN /bin/sh -c x # buildkit"


def test_the_shell_of_the_image_is_shown() -> None:
    state = after('SHELL ["/bin/bash", "-ec"]')
    assert planned("RUN x", state).history == "RUN /bin/bash -ec x # buildkit"
