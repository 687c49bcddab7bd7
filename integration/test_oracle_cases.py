"""Every case of `integration/cases`: the image is the one that was measured.

Where we choose otherwise, the case is listed by name with the reason.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from integration.executor import Executor, Outcome, named_base
from integration.image_comparison.comparison import FlatImage, inspect_image
from integration.image_comparison.details import compare_details
from integration.image_comparison.differences import report
from integration.image_comparison.stored_image import read_layout
from integration.oracle_cases import OracleCase, all_cases
from integration.services.bases import SMALL_BASES
from integration.web_sources import served

OURS: Mapping[str, str] = {
    # An unknown name in --chown is an error: the oracle silently takes root.
    "copy-chown-missing-user": "nosuch",
    # Tools know layers of zstd by OCI's media types alone.
    "measured-media-types-zstd-docker": "zstd",
}
"""Cases in which we refuse what the oracle accepts, and what the error names."""

ACCEPTED: Mapping[str, str] = {
    # Docker without BuildKit takes a stage by its number, and no name is one.
    "target-number": "a",
}
"""Cases in which we build what the oracle refuses, and a file of the image."""

CASES = {case.name: case for case in all_cases()}
BUILT = sorted(
    name
    for name, case in CASES.items()
    if not case.expectation.refused and name not in OURS
)
REFUSED = sorted(
    name
    for name, case in CASES.items()
    if case.expectation.refused and name not in ACCEPTED
)

Base = Callable[[OracleCase], FlatImage | None]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    """Offer the flattened base image of a case, read once."""
    scratch = tmp_path_factory.mktemp("bases")
    known: dict[str, FlatImage | None] = {}

    def read(case: OracleCase) -> FlatImage | None:
        name = case.expectation.base
        if name not in known:
            known[name] = case.base(scratch)
        return known[name]

    return read


def build(
    case: OracleCase,
    executor: Executor,
    directory: Path,
    *flags: str,
    variables: Mapping[str, str] | None = None,
) -> Outcome:
    """Build a case into the layout `image` of a directory.

    Args:
        case: The case.
        executor: Builds it.
        directory: Where context and layout are made.
        flags: Further flags.
        variables: Variables besides those of the case.
    """
    context = case.unpack_context(directory / "context")
    bases = [
        named_base(reference, SMALL_BASES, name)
        for reference, name in {**case.images, **case.named_bases}.items()
    ]
    with served(case, directory / "web") as web:
        return executor.run(
            context,
            f"--dockerfile={context / case.dockerfile}",
            "--isolation=namespaces",
            "--no-push",
            f"--oci-layout-path={directory / 'image'}",
            *bases,
            *case.given(context, web),
            *case.executor_flags,
            *flags,
            environment={**case.environment, **(variables or {})},
        )


@pytest.mark.parametrize("name", BUILT)
def test_the_image_is_the_one_that_was_measured(
    name: str, executor: Executor, base: Base, tmp_path: Path
) -> None:
    case = CASES[name]
    build(case, executor, tmp_path).check()
    stored = read_layout(tmp_path / "image")
    differences = [
        *case.expectation.compare(inspect_image(stored), base(case), times=True),
        *compare_details(stored, case.expectation.details),
    ]
    assert not differences, report(differences)


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_oracle_refuses_is_refused(
    name: str, executor: Executor, tmp_path: Path
) -> None:
    outcome = build(CASES[name], executor, tmp_path)
    assert outcome.status == 1
    assert outcome.error
    assert "not supported yet" not in outcome.error
    assert not (tmp_path / "image").exists()


@pytest.mark.parametrize("name", OURS)
def test_what_we_choose_to_refuse_is_refused(
    name: str, executor: Executor, tmp_path: Path
) -> None:
    outcome = build(CASES[name], executor, tmp_path)
    assert outcome.status == 1
    assert OURS[name] in outcome.error
    assert not (tmp_path / "image").exists()


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_we_choose_to_build_is_built(
    name: str, executor: Executor, tmp_path: Path
) -> None:
    case = CASES[name]
    assert case.expectation.refused
    build(case, executor, tmp_path).check()
    image = inspect_image(read_layout(tmp_path / "image"))
    assert image.problems == ()
    assert ACCEPTED[name] in image.files


def test_our_own_choices_are_few_and_name_cases() -> None:
    choices = {*OURS, *ACCEPTED}
    assert choices <= set(CASES)
    assert len(choices) <= 5
