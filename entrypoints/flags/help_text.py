"""The help of a program, in the order of a manual page; the executor's texts."""

import textwrap
from collections.abc import Iterator

from domain.values import dataclass
from entrypoints.flags.environment import VARIABLES, Standing, Variable
from entrypoints.flags.flag import Flag, FlagTable, Group, Kind
from entrypoints.flags.not_yet import NOT_YET
from entrypoints.flags.subcommands import SUBCOMMANDS, Subcommand

_WIDTH = 80
_INDENT = 4
_TEXT_COLUMN = 12

_INTRODUCTION = """\
NAME
    kanipy - build a container image from a Dockerfile, without a daemon

SYNOPSIS
    kanipy --context=DIR --destination=IMAGE [FLAG]...
    kanipy --context=DIR --no-push --tar-path=FILE [FLAG]...
    kanipy COMMAND [OPERAND]... [FLAG]...
    kanipy version | help [COMMAND] | completion bash|zsh|fish

DESCRIPTION
    Builds the image that a Dockerfile describes, inside an ordinary,
    unprivileged container, and pushes it to one or more registries, or writes
    it to a file. The flags are kaniko's; the spellings of docker build are
    understood.

    A value is written --flag=VALUE or --flag VALUE, -fVALUE or -f VALUE. A
    boolean stands alone or takes =true or =false, never the next word. The last
    value of a flag counts, but for those marked "repeatable", which add up. A
    duration looks like 336h or 6h30m.
"""

_CONCLUSION = """\
EXIT STATUS
    0      the image was built, and published where asked for
    1      a mistake in flags or Dockerfile, or a failure; stderr says which
    130    interrupted
    143    terminated (SIGTERM)
    other  the status of the RUN process that failed

EXAMPLES
    Build the working directory and push:
        kanipy --context=. --destination=registry.example.com/team/app:1.0

    Build one stage to a file that docker load reads:
        kanipy -c . --target=release --no-push --tar-path=app.tar -d app:1.0

    Build on a base image that lies in a directory, to a directory:
        kanipy -c . --build-context debian=oci-layout:///images/debian \\
            --no-push --oci-layout-path=out
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manual:
    """What the help of a program says besides its flags.

    Attributes:
        introduction: The sections before the flags.
        conclusion: The sections after them.
        variables: The variables that mean something to the program.
        subcommands: Its commands that have flags of their own.
    """

    introduction: str
    conclusion: str
    variables: tuple[Variable, ...]
    subcommands: tuple[Subcommand, ...] = ()


EXECUTOR_MANUAL = Manual(
    introduction=_INTRODUCTION,
    conclusion=_CONCLUSION,
    variables=VARIABLES,
    subcommands=SUBCOMMANDS,
)


def help_text(table: FlagTable, manual: Manual = EXECUTOR_MANUAL) -> str:
    """Render the whole help, at most 80 columns wide."""
    parts = [manual.introduction]
    if manual.subcommands:
        parts.append(_commands(manual.subcommands))
    for group in Group:
        flags = [flag for flag in table if flag.group is group and not flag.hidden]
        if flags:
            body = "".join(_entry(flag) for flag in flags)
            parts.append(f"{group.value.upper()}\n{body}")
    parts.extend((_environment(manual.variables), manual.conclusion))
    return "\n".join(parts)


def _commands(subcommands: tuple[Subcommand, ...]) -> str:
    entries = (
        f"{' ' * _INDENT}{each.name} {each.operands}\n"
        + _wrapped(f"{each.summary}; kanipy {each.name} --help tells more")
        for each in subcommands
    )
    return "COMMANDS\n" + "".join(entries)


def value_shown(flag: Flag) -> str:
    """Return how the flag's value is written: "=FILE", "[=true|false]"."""
    if flag.kind is Kind.BOOLEAN:
        return "" if flag.group is Group.OTHER else "[=true|false]"
    if flag.kind is Kind.CHOICE:
        return "=" + "|".join(flag.choices)
    return f"={flag.metavar}"


def _entry(flag: Flag) -> str:
    shorts = [f"-{letter}" for letter in flag.shorts]
    longs = [f"--{name}" for name in (flag.name, *flag.aliases)]
    names = ", ".join((*shorts, *longs)) + value_shown(flag)
    return f"{' ' * _INDENT}{names}\n{_wrapped('; '.join(_facts(flag)))}"


def _facts(flag: Flag) -> Iterator[str]:
    yield flag.help
    if flag.kind.repeats:
        yield "repeatable"
    if flag.default and flag.default != "false" and flag.group is not Group.DOCKER:
        yield f"default {flag.default}"
    yield from ("not supported yet" for missing in NOT_YET if missing.flag == flag.name)


def _environment(variables: tuple[Variable, ...]) -> str:
    lines = ["ENVIRONMENT\n"]
    for variable in variables:
        if variable.standing is Standing.HONOURED:
            names = textwrap.fill(
                ", ".join(variable.names),
                _WIDTH,
                initial_indent=" " * _INDENT,
                subsequent_indent=" " * _INDENT,
            )
            lines.append(f"{names}\n{_wrapped(variable.note)}")
    lines.append(
        _wrapped(
            "Other variables that kaniko reads are warned of when they are set; "
            "docs/compatibility.md lists them.",
            _INDENT,
        )
    )
    return "".join(lines)


def _wrapped(text: str, column: int = _TEXT_COLUMN) -> str:
    indent = " " * column
    filled = textwrap.fill(
        text,
        _WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_on_hyphens=False,
    )
    return filled + "\n"
