"""Writes docs/compatibility.md from the tables of flags and variables.

`python -m entrypoints.flags.compatibility > docs/compatibility.md`; a test compares
the file with what this makes.
"""

import sys

from entrypoints.flags.docker_habits import REFUSED
from entrypoints.flags.dockerfile_differences import DIFFERENCES
from entrypoints.flags.environment import VARIABLES
from entrypoints.flags.flag import Flag, FlagTable, Group, Kind, Origin
from entrypoints.flags.help_text import value_shown
from entrypoints.flags.not_yet import NOT_YET
from entrypoints.flags.subcommands import SUBCOMMANDS, Subcommand
from entrypoints.flags.table import EXECUTOR_FLAGS

_HEAD = """\
# Compatibility of the executor's command line

<!-- Made by `python -m entrypoints.flags.compatibility`; do not edit. -->

What somebody who knows kaniko, its fork or `docker build` finds here. "same": as
they know it. "differs": works, and the note says what is different and why. "not
yet": known to the parser; a value that asks for something ends the run with "not
supported yet" and exit status 1. "refused": has no meaning here; the error names
what to use instead. "new": kanipy's own.

## Grammar

- `--flag=value` and `--flag value`; `-f value`, `-f=value`, `-fvalue`. No
  abbreviations. `--` ends the flags.
- Booleans: alone, or `=` and one of 1 t T true TRUE True 0 f F false FALSE False. They
  never take the next word: `--cache true` is an error, whose hint says so.
- Of a scalar the last value counts; lists grow in order and are not split at commas
  (but `--target` and `--git`).
- Durations are Go's: `336h`, `6h30m`, `90s`, `0`.
- A single dash before a long name (`-destination=x`, which Go's parser reads as
  `-d estination=x`) is an error.
- `KEY=VALUE` flags need a key; of a key given twice the last value counts.
- Spellings marked "deprecated" work and warn once.
- Errors are one line `Error: …`, mostly with a line `Hint: …`. The exit status is 1,
  that of the RUN process if one failed, 130 after SIGINT and 143 after SIGTERM.
- Everything that can be checked without reading the context is checked first.

"""

_ENVIRONMENT_HEAD = """\
## Environment variables

An empty variable counts as one that is not set. What is "not yet" or of "no effect"
is named in a warning when it is set.

| variable | standing | note |
|---|---|---|
"""

_TAIL = """
BuildKit's predefined build arguments (`BUILDKIT_SYNTAX`, `BUILDKIT_INLINE_CACHE`, …)
are accepted as `--build-arg`; `BUILDKIT_DOCKERFILE_CHECK` is heeded, the others have no
effect.

## Commands

| command | standing | note |
|---|---|---|
| `version`, `--version` | differs | prints kanipy's own version |
| `help`, `--help` | same | |
| `completion bash|zsh|fish` | differs | powershell is not offered |
"""

_DIFFERENCES_HEAD = """
## Dockerfiles

A Dockerfile means what it means to docker's builder (BuildKit), but for this:

| what | docker | kanipy | why |
|---|---|---|---|
"""


def compatibility_page(table: FlagTable) -> str:
    """Render the whole page."""
    parts = [_HEAD]
    for group in Group:
        rows = [_row(flag) for flag in table if flag.group is group]
        parts.append(
            f"## {group.value}\n\n| flag | known to | standing | note |\n"
            f"|---|---|---|---|\n{''.join(rows)}\n"
        )
    parts.append(_ENVIRONMENT_HEAD)
    parts.extend(
        f"| {', '.join(f'`{name}`' for name in variable.names)} "
        f"| {variable.standing.value} | {variable.note} |\n"
        for variable in VARIABLES
    )
    parts.append(_TAIL.replace("bash|zsh|fish", r"bash\|zsh\|fish"))
    parts.extend(_command_row(each) for each in SUBCOMMANDS)
    parts.append(_DIFFERENCES_HEAD)
    parts.extend(f"| {' | '.join(row)} |\n" for row in DIFFERENCES)
    return "".join(parts)


def _command_row(command: Subcommand) -> str:
    standing = "differs" if command.differs else "same"
    if command.origin is Origin.OURS:
        standing = "new"
    notes = [command.summary, *([command.differs] if command.differs else [])]
    spelled = f"`{command.name} {command.operands}`".replace("|", r"\|")
    return f"| {spelled} | {standing} | {'; '.join(notes)} |\n"


def _row(flag: Flag) -> str:
    standing, note = _standing(flag)
    cells = (_spelled(flag), flag.origin.value, standing, note)
    return f"| {' | '.join(cells)} |\n"


def _spelled(flag: Flag) -> str:
    shorts = [f"`-{letter}`" for letter in flag.shorts]
    aliases = [f"`--{name}`" for name in flag.aliases]
    deprecated = [f"`--{name}` (deprecated)" for name in flag.deprecated]
    value = "" if flag.kind is Kind.BOOLEAN else value_shown(flag)
    name = f"`--{flag.name}{value}`".replace("|", r"\|")
    return ", ".join((name, *shorts, *aliases, *deprecated))


def _standing(flag: Flag) -> tuple[str, str]:
    if flag.name in REFUSED:
        return "refused", REFUSED[flag.name]
    missing = [row for row in NOT_YET if row.flag == flag.name]
    if missing:
        return "not yet", f"this release {missing[0].reason}"
    notes = [flag.differs] if flag.differs else []
    if flag.origin is Origin.OURS:
        return "new", "; ".join([flag.help, *notes])
    return ("differs" if notes else "same"), "; ".join(notes)


if __name__ == "__main__":
    sys.stdout.write(compatibility_page(EXECUTOR_FLAGS))
