"""Which isolation is chosen from what was asked for and what is possible."""

import pytest

from adapters.isolation.choice import Choice, choose
from adapters.isolation.entering import runner_for
from adapters.isolation.probes import Probe, Probes
from application.errors import IsolationUnavailable

YES = Probe(possible=True)
NO = Probe(possible=False, reason="Operation not permitted")


def probes(
    namespaces: Probe = NO, users: Probe = NO, chroot: Probe = NO, mknod: Probe = NO
) -> Probes:
    return Probes(
        namespaces=namespaces, user_namespace=users, chroot=chroot, mknod=mknod
    )


@pytest.mark.parametrize(
    ("requested", "found", "line"),
    [
        ("auto", probes(YES, YES, YES, YES), "namespaces (CAP_SYS_ADMIN)"),
        ("auto", probes(NO, YES, YES, YES), "namespaces (user namespace)"),
        ("auto", probes(NO, NO, YES, YES), "chroot (no /proc)"),
        (
            "auto",
            probes(NO, NO, YES, NO),
            "chroot (no /proc, no device nodes: mknod is refused)",
        ),
        ("namespaces", probes(NO, YES, YES, YES), "namespaces (user namespace)"),
        ("chroot", probes(YES, YES, YES, YES), "chroot (no /proc)"),
    ],
)
def test_the_best_possible_is_chosen(requested: str, found: Probes, line: str) -> None:
    choice = choose(requested, found)
    assert str(choice) == f"isolation: {line}, root: private directory"


@pytest.mark.parametrize(
    ("requested", "found"),
    [
        ("auto", probes()),
        ("namespaces", probes(chroot=YES)),
        ("chroot", probes(namespaces=YES, users=YES)),
    ],
)
def test_where_nothing_fits_there_is_none_with_the_reasons(
    requested: str, found: Probes
) -> None:
    choice = choose(requested, found)
    assert choice.isolation == "none"
    assert "Operation not permitted" in choice.reason
    assert str(choice).endswith("root: none")


def test_in_place_is_not_there_yet() -> None:
    with pytest.raises(IsolationUnavailable, match="not supported yet"):
        choose("in-place", probes(YES, YES, YES, YES))


@pytest.mark.parametrize("isolation", ["namespaces", "chroot", "none"])
def test_each_choice_has_its_runner(isolation: str) -> None:
    choice = Choice(isolation=isolation, reason="why")
    assert runner_for(choice, "/work").isolation == isolation
