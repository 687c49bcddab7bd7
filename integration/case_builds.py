"""Builds of many oracle cases: on this machine, or one after the other in a container.

Where they are built must not matter: the images have to be the same to the byte, so
they are built with `--reproducible`. What they are compared with is up to tests.
"""

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from integration.executor import Executor, named_base
from integration.oracle_cases import CASES, OracleCase
from integration.services.bases import SMALL_BASES
from integration.services.executor_image import ExecutorImage
from integration.web_sources import served


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What the build of a case came to.

    Attributes:
        status: Exit status of the executor.
        log: Its standard error.
        layout: Where the image is, if one was made.
    """

    status: int
    log: str
    layout: Path

    @property
    def index(self) -> bytes:
        """The layout's index, which names the image by its digest; b"" for none."""
        path = self.layout / "index.json"
        return path.read_bytes() if path.exists() else b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What the cases are built of.

    Attributes:
        contexts: Has a directory for each case.
        webs: Address of the web server for each authorization that cases ask for.
    """

    contexts: Path
    webs: Mapping[str, str]


@contextmanager
def prepared(cases: Iterable[OracleCase], directory: Path) -> Iterator[Inputs]:
    """Unpack the contexts of cases below a directory, and serve what they take."""
    webs: dict[str, str] = {}
    with ExitStack() as stack:
        for case in cases:
            case.unpack_context(directory / "contexts" / case.name)
            if case.web is not None and case.web not in webs:
                root = directory / f"web-{len(webs)}"
                webs[case.web] = stack.enter_context(served(case, root))
        yield Inputs(contexts=directory / "contexts", webs=webs)


def build_here(
    cases: Iterable[OracleCase], inputs: Inputs, results: Path
) -> Mapping[str, Built]:
    """Build cases on this machine, as root."""
    made = {}
    for case in cases:
        executor = Executor(work=results / "work")
        layout = results / case.name
        flags = _flags(case, inputs, layout)
        outcome = executor.run(
            inputs.contexts / case.name, *flags, environment=case.environment
        )
        made[case.name] = Built(status=outcome.status, log=outcome.log, layout=layout)
    return made


def build_in_container(
    cases: Sequence[OracleCase],
    inputs: Inputs,
    results: Path,
    image: ExecutorImage,
    *flags: str,
) -> Mapping[str, Built]:
    """Build cases one after the other in one container.

    Args:
        cases: What to build.
        inputs: What they are built of.
        results: Takes their layouts, and their logs.
        image: Whose executor builds.
        flags: Further flags of `docker run`.
    """
    # At places that no case removes: what is mounted below /tmp would go with it.
    inside = Inputs(contexts=Path("/case-contexts"), webs=inputs.webs)
    written = Path("/case-results")
    script = "\n".join(_line(case, inside, written) for case in cases)
    volumes = (
        f"--volume={inputs.contexts}:{inside.contexts}:ro",
        f"--volume={CASES}:{CASES}:ro",
        f"--volume={results}:{written}",
    )
    image.shell(script, *volumes, *flags)
    return {case.name: _result(results / case.name) for case in cases}


def _line(case: OracleCase, inputs: Inputs, results: Path) -> str:
    """Return the line of shell that builds a case and writes down how it went."""
    flags = _flags(case, inputs, results / case.name)
    context = inputs.contexts / case.name
    variables = [f"{name}={value}" for name, value in case.environment.items()]
    words = ["env", *variables, "/kaniko/executor", f"--context={context}", *flags]
    place = shlex.quote(str(results / case.name))
    return f"{shlex.join(words)} 2>{place}.log || echo $? >{place}.status"


def _flags(case: OracleCase, inputs: Inputs, layout: Path) -> list[str]:
    context = inputs.contexts / case.name
    web = "" if case.web is None else inputs.webs[case.web]
    bases = [
        named_base(reference, SMALL_BASES, name)
        for reference, name in {**case.images, **case.named_bases}.items()
    ]
    return [
        f"--dockerfile={context / case.dockerfile}",
        "--no-push",
        "--reproducible",
        f"--oci-layout-path={layout}",
        *bases,
        *case.given(context, web),
        *case.executor_flags,
    ]


def _result(layout: Path) -> Built:
    status = layout.with_name(f"{layout.name}.status")
    return Built(
        status=int(status.read_text()) if status.exists() else 0,
        log=layout.with_name(f"{layout.name}.log").read_text(errors="replace"),
        layout=layout,
    )
