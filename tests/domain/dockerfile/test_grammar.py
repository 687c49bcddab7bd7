"""Instructions are read into their values."""

from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.dockerfile.heredoc import Heredoc
from domain.dockerfile.instruction import (
    Add,
    Arg,
    Cmd,
    Copy,
    Entrypoint,
    Env,
    ExecForm,
    Expose,
    Healthcheck,
    Label,
    Maintainer,
    OnBuild,
    Run,
    Shell,
    ShellForm,
    StopSignal,
    User,
    Volume,
    Workdir,
)
from domain.dockerfile.location import Location
from domain.errors import DockerfileError
from tests.domain.dockerfile.parsing import dockerfile, instruction


def values(text: str) -> tuple[type, dict[str, Any]]:
    """Return the instruction's type and those of its fields that are not empty."""
    parsed = instruction(text)
    named = {field.name: getattr(parsed, field.name) for field in fields(parsed)}
    assert named.pop("location").first == 2
    assert named.pop("text")
    empty = (None, (), False, 0)
    return type(parsed), {
        name: value for name, value in named.items() if value not in empty
    }


EXEC = ExecForm(arguments=("a", "b c"))
SECOND = 10**9


@pytest.mark.parametrize(
    ("text", "expected", "attributes"),
    [
        ("ARG a", Arg, {"declarations": (("a", None),)}),
        ("ARG a=", Arg, {"declarations": (("a", ""),)}),
        (
            "ARG a=1 b c=\"x y\" d='$a=1'",
            Arg,
            {
                "declarations": (
                    ("a", "1"),
                    ("b", None),
                    ("c", '"x y"'),
                    ("d", "'$a=1'"),
                )
            },
        ),
        ("ENV a=1", Env, {"pairs": (("a", "1"),)}),
        (
            "ENV a=1 b=\"x y\" c=x\\ y \t d='z z' $e=",
            Env,
            {
                "pairs": (
                    ("a", "1"),
                    ("b", '"x y"'),
                    ("c", "x\\ y"),
                    ("d", "'z z'"),
                    ("$e", ""),
                )
            },
        ),
        ('ENV a="x\\" y"', Env, {"pairs": (("a", '"x\\" y"'),)}),
        ("ENV a x  y=z ", Env, {"pairs": (("a", "x  y=z"),), "legacy": True}),
        ("ENV a it's", Env, {"pairs": (("a", "it's"),), "legacy": True}),
        (
            'LABEL "a b"=1 c.d=e=f',
            Label,
            {"pairs": (('"a b"', "1"), ("c.d", "e=f"))},
        ),
        ("LABEL a b c", Label, {"pairs": (("a", "b c"),), "legacy": True}),
        ("CMD a $b", Cmd, {"command": ShellForm(text="a $b")}),
        ('CMD [ "a" , "b c" ]', Cmd, {"command": EXEC}),
        ("CMD []", Cmd, {"command": ExecForm(arguments=())}),
        ("CMD", Cmd, {"command": ShellForm(text="")}),
        ("CMD ['a']", Cmd, {"command": ShellForm(text="['a']")}),
        ('CMD ["a"] b', Cmd, {"command": ShellForm(text='["a"] b')}),
        ("CMD [NaN]", Cmd, {"command": ShellForm(text="[NaN]")}),
        ('CMD ["a",]', Cmd, {"command": ShellForm(text='["a",]')}),
        ('CMD ["\\u0041é"]', Cmd, {"command": ExecForm(arguments=("Aé",))}),
        ('CMD ["\\ud800x"]', Cmd, {"command": ExecForm(arguments=("\ufffdx",))}),
        ('ENTRYPOINT ["a", "b c"]', Entrypoint, {"command": EXEC}),
        ("ENTRYPOINT a  b", Entrypoint, {"command": ShellForm(text="a  b")}),
        ("EXPOSE 80 443/tcp\t$p", Expose, {"ports": ("80", "443/tcp", "$p")}),
        ("USER $u:g", User, {"user": "$u:g"}),
        ("VOLUME /a $b", Volume, {"paths": ("/a", "$b")}),
        ('VOLUME ["/a b", " /c "]', Volume, {"paths": ("/a b", "/c")}),
        ("WORKDIR /a b", Workdir, {"path": "/a b"}),
        ('SHELL ["a", "b c"]', Shell, {"shell": ("a", "b c")}),
        ("STOPSIGNAL $s", StopSignal, {"signal": "$s"}),
        ("MAINTAINER A <a@b>", Maintainer, {"name": "A <a@b>"}),
        ("HEALTHCHECK NONE", Healthcheck, {}),
        ("HEALTHCHECK --retries=2 none", Healthcheck, {}),
        ("HEALTHCHECK CMD a  b", Healthcheck, {"command": ShellForm(text="a  b")}),
        (
            (
                "HEALTHCHECK --interval=1m30s --timeout=1.5s --start-period=.5h "
                '--start-interval=2ms --retries=+3 cmd ["a", "b c"]'
            ),
            Healthcheck,
            {
                "command": EXEC,
                "interval": 90 * SECOND,
                "timeout": 3 * SECOND // 2,
                "start_period": 1800 * SECOND,
                "start_interval": SECOND // 500,
                "retries": 3,
            },
        ),
        (
            (
                "HEALTHCHECK --interval=0 --timeout=-0 --start-period=+1000us "
                "--start-interval=1000000ns --retries= CMD a"
            ),
            Healthcheck,
            {
                "command": ShellForm(text="a"),
                "start_period": SECOND // 1000,
                "start_interval": SECOND // 1000,
            },
        ),
        ("RUN a \\\n  b", Run, {"command": ShellForm(text="a   b")}),
        ("RUN", Run, {"command": ShellForm(text="")}),
        ('RUN ["a", "b c"]', Run, {"command": EXEC}),
        (
            (
                "RUN --mount=type=bind,from=x,target=/x --mount='type=secret,id=a b' "
                "--network=none --security=insecure --device=a --device=b -- --x y"
            ),
            Run,
            {
                "command": ShellForm(text="--x y"),
                "mounts": ("type=bind,from=x,target=/x", "type=secret,id=a b"),
                "network": "none",
                "security": "insecure",
                "devices": ("a", "b"),
            },
        ),
        ("COPY a b", Copy, {"sources": ("a",), "destination": "b"}),
        (
            (
                "COPY --from=x --chown=$u:g --chmod=u=rwX --link --parents=TRUE "
                "--exclude=*.a --exclude=!b $a 'b c' d\\ e /"
            ),
            Copy,
            {
                "sources": ("$a", "'b c'", "d\\ e"),
                "destination": "/",
                "from_": "x",
                "chown": "$u:g",
                "chmod": "u=rwX",
                "link": True,
                "parents": True,
                "exclude": ("*.a", "!b"),
            },
        ),
        (
            "COPY --link=false --from= a b",
            Copy,
            {"sources": ("a",), "destination": "b"},
        ),
        (
            'COPY --chown="a\\"b" a b',
            Copy,
            {"sources": ("a",), "destination": "b", "chown": 'a"b'},
        ),
        (
            'COPY ["a b", "<<c", "/d e"]',
            Copy,
            {"sources": ("a b", "<<c"), "destination": "/d e"},
        ),
        ("COPY it's /x", Copy, {"sources": ("it's",), "destination": "/x"}),
        (
            "COPY a << E b /x\n1\nE",
            Copy,
            {
                "sources": ("a", "b"),
                "heredocs": (
                    Heredoc(name="E", body="1\n", expand=True, strip_tabs=False),
                ),
                "destination": "/x",
            },
        ),
        (
            (
                "ADD --checksum=sha256:$a --unpack=false --keep-git-dir --chmod=1 "
                "--chown=2 --link --exclude=x a b"
            ),
            Add,
            {
                "sources": ("a",),
                "destination": "b",
                "checksum": "sha256:$a",
                # unpack is False, as good as empty here
                "keep_git_dir": True,
                "chmod": "1",
                "chown": "2",
                "link": True,
                "exclude": ("x",),
            },
        ),
        (
            "ADD --unpack a b",
            Add,
            {"sources": ("a",), "destination": "b", "unpack": True},
        ),
    ],
)
def test_reads(text: str, expected: type, attributes: dict[str, Any]) -> None:
    assert values(text) == (expected, attributes)


@pytest.mark.parametrize(
    ("text", "unpack"),
    [("ADD a b", None), ("ADD --unpack=False a b", False), ("ADD --unpack a b", True)],
)
def test_unpack_is_left_to_the_source_unless_given(
    text: str, *, unpack: bool | None
) -> None:
    add = instruction(text)
    assert isinstance(add, Add)
    assert add.unpack is unpack


def test_on_build_keeps_the_text_and_the_instruction() -> None:
    trigger = instruction("ONBUILD  copy --from=a \\\n <<E b /c\n$x\nE")
    assert isinstance(trigger, OnBuild)
    assert trigger.trigger == "copy --from=a  <<E b /c\n$x\nE"
    copy = trigger.instruction
    assert isinstance(copy, Copy)
    assert (copy.sources, copy.from_, copy.location.last) == (("b",), "a", 5)


def test_the_text_is_the_instruction_on_one_line() -> None:
    run = instruction("rUn  a \\\n# c\n  b  ")
    assert run.text == "RUN a   b"
    assert run.location == Location(first=2, last=4)


def test_the_backtick_escapes_in_words() -> None:
    (env,) = dockerfile("# escape=`\nFROM a\nENV a=x` y b=\\\n").stages[0].instructions
    assert isinstance(env, Env)
    assert env.pairs == (("a", "x` y"), ("b", "\\"))


@pytest.mark.parametrize(
    ("text", "script", "shell_text"),
    [
        ("RUN a", None, "a"),
        ('RUN ["a", "b"]', None, "a b"),
        ("RUN <<E\na\nE", "a\n", "a\n"),
        ("RUN 3<< 'E'\na\nE", "a\n", "a\n"),
        ("RUN <<-E\n\ta\n\tE", "a\n", "a\n"),
        ("RUN sh <<-E\n\ta\n\tE", None, "sh <<-E\n\ta\nE"),
        ("RUN <<E sh\na\nE", None, "<<E sh\na\nE"),
        ("RUN a <<A b <<B\n1\nA\n2\nB", None, "a <<A b <<B\n1\nA\n2\nB"),
        ("RUN <<A <<B\n1\nA\n2\nB", None, "<<A <<B\n1\nA\n2\nB"),
    ],
)
def test_a_lone_heredoc_is_the_script(
    text: str, script: str | None, shell_text: str
) -> None:
    run = instruction(text)
    assert isinstance(run, Run)
    assert (run.script, run.shell_text) == (script, shell_text)


@pytest.mark.parametrize(
    ("text", "base", "platform", "name"),
    [
        ("FROM a", "a", None, None),
        ("from $A:${B:-c}", "$A:${B:-c}", None, None),
        ("FROM a AS Bc_d.e-1", "a", None, "bc_d.e-1"),
        ("FROM --platform=$P a as b", "a", "$P", "b"),
    ],
)
def test_reads_from(
    text: str, base: str, platform: str | None, name: str | None
) -> None:
    (stage,) = dockerfile(text).stages
    assert (stage.base, stage.platform, stage.name) == (base, platform, name)


ANYTHING = st.text(
    alphabet="FROMUNCPYEVADLB arg=-[]\"'\\\n#<$1`,\r\t{}é\x00", max_size=60
)
WORDS = [
    "",
    "RUN",
    "COPY",
    "ENV",
    "LABEL",
    "ARG",
    "HEALTHCHECK",
    "ONBUILD ADD",
    "VOLUME",
]


@given(st.sampled_from(WORDS), ANYTHING)
def test_any_source_parses_or_is_refused_with_its_line(word: str, text: str) -> None:
    refused = None
    try:
        dockerfile(f"FROM a\n{word} {text}")
    except DockerfileError as error:
        refused = error
    assert refused is None or (refused.line is not None and refused.hint)
