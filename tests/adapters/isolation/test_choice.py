"""Which isolation is chosen from what was asked for and what is possible."""

from dataclasses import dataclass

import pytest

from adapters.isolation.choice import Choice, choose
from adapters.isolation.entering import runner_for
from adapters.isolation.probes import MachineProbes, Probe, Probes
from application.options import Isolation

YES = Probe(possible=True)
NO = Probe(possible=False, reason="Operation not permitted")


HERE = Probe(possible=True, reason="container: /.dockerenv")


@dataclass(frozen=True, kw_only=True)
class Known:
    """Probes that were taken elsewhere."""

    namespaces: Probe
    user_namespace: Probe
    in_place: Probe
    chroot: Probe
    mknod: Probe


def probes(
    namespaces: Probe = NO,
    users: Probe = NO,
    chroot: Probe = NO,
    mknod: Probe = NO,
    in_place: Probe = NO,
) -> Probes:
    return Known(
        namespaces=namespaces,
        user_namespace=users,
        chroot=chroot,
        mknod=mknod,
        in_place=in_place,
    )


@pytest.mark.parametrize(
    ("requested", "found", "line"),
    [
        (Isolation.AUTO, probes(YES, YES, YES, YES), "namespaces (CAP_SYS_ADMIN)"),
        (Isolation.AUTO, probes(NO, YES, YES, YES), "namespaces (user namespace)"),
        (Isolation.AUTO, probes(NO, NO, YES, YES), "chroot (no /proc)"),
        (
            Isolation.AUTO,
            probes(NO, NO, YES, NO),
            "chroot (no /proc, no device nodes: mknod is refused)",
        ),
        (
            Isolation.NAMESPACES,
            probes(NO, YES, YES, YES),
            "namespaces (user namespace)",
        ),
        (Isolation.CHROOT, probes(YES, YES, YES, YES), "chroot (no /proc)"),
    ],
)
def test_the_best_possible_is_chosen(
    requested: Isolation, found: Probes, line: str
) -> None:
    choice = choose(requested, found)
    assert str(choice) == f"isolation: {line}, root: private directory"


@pytest.mark.parametrize(
    ("requested", "found"),
    [
        (Isolation.AUTO, probes()),
        (Isolation.NAMESPACES, probes(chroot=YES, in_place=HERE)),
        (Isolation.IN_PLACE, probes(YES, YES, YES, YES)),
        (Isolation.CHROOT, probes(namespaces=YES, users=YES)),
    ],
)
def test_where_nothing_fits_there_is_none_with_the_reasons(
    requested: Isolation, found: Probes
) -> None:
    choice = choose(requested, found)
    assert choice.isolation == "none"
    assert "Operation not permitted" in choice.reason
    assert str(choice).endswith("root: none")


@pytest.mark.parametrize(
    ("requested", "found"),
    [
        (Isolation.AUTO, probes(NO, NO, YES, YES, HERE)),
        (Isolation.IN_PLACE, probes(YES, YES, YES, YES, HERE)),
    ],
)
def test_in_place_comes_before_chroot_or_is_asked_for(
    requested: Isolation, found: Probes
) -> None:
    choice = choose(requested, found)
    assert choice.isolation == "in-place"
    assert str(choice) == "isolation: in-place (container: /.dockerenv), root: /"


@pytest.mark.parametrize("isolation", ["namespaces", "in-place", "chroot", "none"])
def test_each_choice_has_its_runner(isolation: str) -> None:
    choice = Choice(isolation=isolation, reason="why")
    assert runner_for(choice, "/work").isolation == isolation


def test_nothing_is_probed_that_is_not_wanted() -> None:
    class OneProbe(MachineProbes):
        """Fails at any other."""

        @property
        def namespaces(self) -> Probe:
            return YES

        @property
        def mknod(self) -> Probe:
            raise AssertionError

        user_namespace = in_place = chroot = mknod

    assert choose(Isolation.AUTO, OneProbe(force=False)).isolation == "namespaces"
