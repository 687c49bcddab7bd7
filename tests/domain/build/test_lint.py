"""Remarks that depend on variables, on the base, or on the whole stage."""

from dataclasses import replace

import pytest

from domain.build.lint import StageText, stage_remarks
from domain.build.state import StageState
from domain.dockerfile.ignore import IgnoreRules
from domain.image.config import ContainerConfig, ImageConfig
from domain.image.platform import Platform
from tests.domain.dockerfile.parsing import dockerfile

BASE = ImageConfig(
    platform=Platform(os="linux", architecture="amd64"),
    config=ContainerConfig(env=(("PATH", "/bin"), ("INHERITED", "1"))),
)


def remarked(
    text: str, *, base: ImageConfig = BASE, ignore: str = "", target: int = 0
) -> list[tuple[int, str, str]]:
    parsed = dockerfile("FROM base AS one\n" + text)
    stage = parsed.stages[target]
    found = stage_remarks(
        StageText(
            instructions=stage.instructions,
            parents=parsed.parents(stage, lambda each: each.base),
            state=StageState.start(base),
            ignore=IgnoreRules.parse(ignore),
        )
    )
    return [(each.line, each.rule, each.message) for each in found]


def rules(text: str, **more: object) -> list[tuple[int, str]]:
    return [(line, rule) for line, rule, _ in remarked(text, **more)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # shell form
        ("CMD a", [(2, "JSONArgsRecommended")]),
        ("ENTRYPOINT a", [(2, "JSONArgsRecommended")]),
        ('CMD ["a"]\nENTRYPOINT ["b"]', []),
        ('SHELL ["/bin/bash", "-c"]\nCMD a', []),
        ("HEALTHCHECK CMD a", []),
        ("RUN a", []),
        # instructions of which only the last counts
        ('CMD ["a"]\nCMD ["b"]', [(2, "MultipleInstructionsDisallowed")]),
        (
            'CMD ["a"]\nCMD ["b"]\nCMD ["c"]',
            [(line, "MultipleInstructionsDisallowed") for line in (2, 3)],
        ),
        (
            'ENTRYPOINT ["a"]\nENTRYPOINT ["b"]',
            [(2, "MultipleInstructionsDisallowed")],
        ),
        (
            "HEALTHCHECK NONE\nHEALTHCHECK CMD a",
            [(2, "MultipleInstructionsDisallowed")],
        ),
        ('CMD ["a"]\nENTRYPOINT ["b"]', []),
        # relative directories
        ("WORKDIR a", [(2, "WorkdirRelativePath")]),
        ("WORKDIR a\nWORKDIR b", [(2, "WorkdirRelativePath")]),
        ("WORKDIR /a\nWORKDIR b", []),
        ('WORKDIR "/a b"', []),
        # names of secrets
        ("ARG TOKEN", [(2, "SecretsUsedInArgOrEnv")]),
        ("ENV my_password=x", [(2, "SecretsUsedInArgOrEnv")]),
        ("ENV A=1 API_KEY=2", [(2, "SecretsUsedInArgOrEnv")]),
        ("ARG auth=1", [(2, "SecretsUsedInArgOrEnv")]),
        ("ENV PUBLIC_KEY=1 KEY_FILE=2 TOKEN_VERSION=3 KEYBOARD=4", []),
        # variables
        ("COPY a$X /", [(2, "UndefinedVar")]),
        ("COPY <<E /f\n$X\nE", [(2, "UndefinedVar")]),
        ("COPY <<'E' /f\n$X\nE", []),
        ("WORKDIR $X", [(2, "UndefinedVar")]),
        ("USER $X", [(2, "UndefinedVar")]),
        ("VOLUME $X/a", [(2, "UndefinedVar")]),
        ("EXPOSE 80 $X", [(2, "UndefinedVar")]),
        ("LABEL a=$X", [(2, "UndefinedVar")]),
        ("COPY --chown=$X a /", [(2, "UndefinedVar")]),
        ("ENV A=$PATH:/x B=$INHERITED", []),
        ("ARG X\nCOPY a$X /", []),
        ("ENV A=1\nCOPY $A /", []),
        ("ARG X=1 Y=$X", []),
        ("COPY a${X:-b} ${X+c} /", []),
        ("COPY '$X' \\$X /", []),
        ("RUN $X", []),
        # what is wrong is told elsewhere, and ends the remarks
        ("COPY ${ /\nWORKDIR $X", []),
        ("EXPOSE x\nUSER $X", []),
    ],
)
def test_remarks_name_rule_and_line(text: str, expected: list[object]) -> None:
    assert rules(text) == expected


def test_a_shell_of_the_base_wants_the_shell_form() -> None:
    shell = replace(BASE.config, shell=("/bin/bash", "-c"))
    assert rules("CMD a", base=replace(BASE, config=shell)) == []


def test_what_parents_declare_is_known() -> None:
    child = "ARG X\nWORKDIR /a\nCMD a\nFROM one\nCOPY $X /\nWORKDIR b\nCMD c"
    assert rules(child, target=1) == [(8, "JSONArgsRecommended")]


def test_a_similar_name_is_proposed() -> None:
    ((_, _, message),) = remarked("ENV PATH=$PAHT:/x")
    assert message == "$PAHT is not defined here (did you mean $PATH?)"


def test_the_value_of_a_secret_is_never_told() -> None:
    text = "ARG TOKEN=hunter2\nENV KEY=hunter2\nENV X_KEY=$NONE hunter2=1"
    assert "hunter2" not in str([m for _, rule, m in remarked(text)])


@pytest.mark.parametrize(
    ("text", "ignore", "expected"),
    [
        ("COPY a /", "a", [(2, "CopyIgnoredFile")]),
        ("ADD a/b /", "a", [(2, "CopyIgnoredFile")]),
        ("COPY ./a/ /b /", "a\nb", [(2, "CopyIgnoredFile")] * 2),
        ("ENV A=a\nCOPY $A /", "a", [(3, "CopyIgnoredFile")]),
        ("COPY . /", "*", []),
        ("COPY c /", "a", []),
        ("COPY a /", "a\n!a/b", []),
        ("COPY --from=one a /", "a", []),
        ("ADD https://a/b /", "*", []),
        ("ADD git@a:b.git /", "*", []),
        ("RUN a", "a", []),
    ],
)
def test_copying_what_is_ignored(
    text: str, ignore: str, expected: list[object]
) -> None:
    assert rules(text, ignore=ignore) == expected
